"""One module out of many: anywidget takes JavaScript as one text, the pages take the same files one by one."""

from __future__ import annotations

import re
from pathlib import Path

from studio.web import WEB

_IMPORT = re.compile(r"^import \{([^}]*)\} from '(\.[^']*)';$", re.MULTILINE)
_EXPORT = re.compile(r"^export (?:async )?(?:function|class|const) (\w+)", re.MULTILINE)


def join(entry: Path) -> str:
    """A module with all that it imports before it, each in a scope of its own, in one text without imports.

    Understands `import {a, b as c} from './other.js'` and exported functions, classes and constants, each on a line of
    its own; raises ValueError for other imports.
    """
    scopes: dict[Path, str] = {}

    def linked(path: Path) -> str:
        def bind(match: re.Match[str]) -> str:
            target = (path.parent / match[2]).resolve()
            if target not in scopes:
                text = linked(target)
                names = ", ".join(_EXPORT.findall(text))
                body = re.sub("^export ", "", text, flags=re.MULTILINE)
                scopes[target] = f"const ${target.stem} = (() => {{\n{body}\nreturn {{{names}}};\n}})();"
            return f"const {{{match[1].replace(' as ', ': ')}}} = ${target.stem};"

        text = _IMPORT.sub(bind, path.read_text(encoding="utf-8"))
        if left := re.search(r"^import .*", text, re.MULTILINE):
            raise ValueError(f"{path}: cannot join {left[0]!r}; write import {{name}} from './file.js';")
        return text

    last = linked(entry)
    return "\n".join([*scopes.values(), last])


def style(*paths: Path) -> str:
    """Style sheets in one text, after the pages' palette: set on the widgets, for a notebook's page is not ours."""
    palette = (WEB / "palette.css").read_text(encoding="utf-8").replace(":root", ".lsd-player")
    return "\n".join([palette, *(path.read_text(encoding="utf-8") for path in paths)])
