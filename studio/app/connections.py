"""Bounds on connections before the first word: how many are open, and how long a request's header may take to come.

Whatever comes after a header is bounded in studio/app/doors.py. uvicorn itself waits for a header without end.
"""

from __future__ import annotations

import asyncio
import ipaddress
from typing import Any

HEADER_S = 10.0
"""How long a request's header may take to come, and a connection be open before its first one."""
AT_ONCE = 512
"""Connections that are open at a time, sockets of pages among them; a process has 1,024 files open at most."""
AT_ONCE_OF_ONE = 128
"""Of them, from one other machine; a browser opens six. A proxy on this machine may open them all."""


class Bounded(asyncio.Protocol):
    """Before uvicorn's protocol of HTTP in a class, it closes connections that are too many or too slow."""

    cycle: Any
    """The request that is answered; None before the first."""
    client: tuple[str, int] | None
    connections: set[Any]
    transport: Any
    loop: asyncio.AbstractEventLoop
    _late: asyncio.TimerHandle | None = None
    """Closes the connection, unless a header comes before."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A connection was opened."""
        super().connection_made(transport)
        address = self.client[0] if self.client else ""
        same = sum(1 for other in self.connections if (getattr(other, "client", None) or ("",))[0] == address)
        if len(self.connections) > AT_ONCE or (same > AT_ONCE_OF_ONE and not _is_here(address)):
            self.transport.abort()
        else:
            self._wait()

    def data_received(self, data: bytes) -> None:
        """A part of a request has come."""
        super().data_received(data)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is closed."""
        self._rest()
        super().connection_lost(exc)

    def _wait(self) -> None:
        """A header is waited for, but not while a request is answered, or once a socket has taken over."""
        answers = self.cycle is not None and not self.cycle.response_complete
        if answers or self.transport.get_protocol() is not self:
            self._rest()
        elif self._late is None and not self.transport.is_closing():
            self._late = self.loop.call_later(HEADER_S, self.transport.abort)

    def _rest(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


def bound(config: Any) -> None:
    """Bound the connections of a uvicorn server with this configuration, which is running already."""
    base = config.http_protocol_class
    config.http_protocol_class = type(f"Bounded{base.__name__}", (Bounded, base), {})


def _is_here(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
