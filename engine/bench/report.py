"""Measurements as tables: for the terminal, and for the README between two comments that nobody edits by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table

from engine.bench.records import PERCENTILES, read
from engine.console import plain
from engine.media.files import write_whole

BEGIN = "<!-- measured: written by `python -m engine bench --report` -->"
END = "<!-- measured: end -->"
COLUMNS = ("what", "size", "threads", "p50 ms", "p95", "p99", "worst", "fps", "remark")
PHRASES = {
    r"under a camera of (\S+) fps": r"under a \1 fps camera",
    r"a picture's age when it is shown": "end-to-end latency, camera frame to displayed frame",
    r"a picture's age when it is replaced": "age of the displayed frame when the next one replaces it",
    r"each frame from its time to its answer": "end-to-end latency, camera frame to answer",
}
"""How files before this wording described their rows, as a pattern, and how tables do."""
NO_GPU = ("a GPU: one stream at 512x288 and 1280x704, 64 live streams at 512x288", *[""] * 7, "not measured")


def records(folder: Path) -> list[dict[str, Any]]:
    """All machines' files, by name; those with a GPU last. Raises ValueError where there is none."""
    measured = [read(path) for path in sorted(folder.glob("*.json"))]
    if not measured:
        raise ValueError(f"{folder} holds no measurements; make some with `python -m engine bench --peers`")
    return sorted(measured, key=lambda record: "gpu" in record["machine"])


def rows(record: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """The cells of each row of a machine, in the order of `COLUMNS`."""
    sections = record["sections"]
    digits = 2 if "gpu" in record["machine"] else 1
    for name, section in sections.items():
        ours = section["rows"][0] if name == "peers" else None
        for row in section.get("rows", ()):
            what = _worded(row["what"])
            place = what, row.get("size", ""), str(row.get("threads", ""))
            if "not_measured" in row:
                yield *place, *[""] * 5, f"not measured: {row['not_measured']}"
                continue
            times = (f"{row['frame_ms'][of]:.{digits}f}" for of in PERCENTILES)
            note = _targets(row)
            if ours is not None:
                slower = row["frame_ms"]["p50"] / ours["frame_ms"]["p50"]
                note = (
                    "in the same run as its peers"
                    if row is ours
                    else f"{slower:.{1 if slower < 10 else 0}f} times as long"
                )
            fps = f"{row['fps']:.1f}" if "fps" in row else ""
            yield f"{what}, {row['frames']:,} frames", *place[1:], *times, fps, note


def _worded(what: str) -> str:
    """A row's description in today's words."""
    for old, new in PHRASES.items():
        what = re.sub(old, new, what)
    return what


def _targets(row: dict[str, Any]) -> str:
    """A row's targets and whether they were missed, after what else was counted."""
    counted = [f"{row[name]:,} {name}" for name in ("late", "dropped") if name in row]
    measured = {**row, **row["frame_ms"]}
    bars = [
        f"{'worst' if of == 'max' else of} at most {most:g}" + ("" if measured[of] <= most else " (missed)")
        for of, most in row.get("wanted", {}).items()
    ]
    return "; ".join(counted + [f"target: {', '.join(bars)}"] * bool(bars))


def remarks(record: dict[str, Any]) -> Iterator[str]:
    """Measurements that have no row, in sentences."""
    sections = record["sections"]
    if "parts" in (frame := sections.get("frame", {})):
        parts, new, share = frame["parts"], frame["parts"]["new_prompt_ms"], frame["convolutions"]
        times = ", ".join(f"{name} {ms:.1f}" for name, ms in parts["ms"].items())
        yield f"A frame at {parts['size']} on {parts['threads']} threads, median ms: {times}."
        yield (
            f"A new prompt takes {new['words to prompt']:.0f} ms to embed, outside the frame loop; the first frame "
            f"under it takes {new['first frame']:.1f} ms, the next {new['next frame']:.1f}."
        )
        yield (
            f"The convolution blocks run at {share['blocks_gflops']:,} GFLOP/s, {share['share']:.0%} of the rate of a "
            f"large convolution in the same run (target: 45 %)."
        )
    yield from _gpu_remarks(sections.get("gpu", {}))
    memory = [row["rss_mb_at"] for row in sections.get("engine", {}).get("rows", ()) if "2000" in row["rss_mb_at"]]
    if memory:
        grown = max(at["2000"] - at["200"] for at in memory)
        yield (
            f"Resident memory at frame 200 and 2,000: {memory[-1]['200']:.0f} and {memory[-1]['2000']:.0f} MB at the "
            f"largest size; between the two it grew by at most {grown:.1f} MB at any size."
        )


def _gpu_remarks(section: dict[str, Any]) -> Iterator[str]:
    """How near a GPU's frames are to the roofline, and the recorded program compared with the other ways."""
    for size, roof in section.get("roofline", {}).items():
        shares = ", ".join(f"{way} {share:.0%}" for way, share in roof["share"].items())
        own = ", ".join(f"{way} {ms:.2f}" for way, ms in roof["device_ms"].items() if ms is not None)
        yield (
            f"{size}: operations and bytes at the rates of this run ({roof['measured_tflop_s']:.0f} TFLOP/s, "
            f"{roof['measured_gb_s']:.0f} GB/s) take {roof['bound_ms']:.2f} ms at least; reached of that: {shares}."
            + (f" The device's own part, ms: {own}." if own else "")
        )
        ms = {row["way"]: row["frame_ms"] for row in section["rows"] if row["size"] == size}
        if {"plain", "compiled", "recorded"} <= ms.keys():
            ours, eager, compiled = ms["recorded"], ms["plain"], ms["compiled"]
            yield (
                f"{size}, one recorded graph: {eager['p50'] / ours['p50']:.1f} times as fast as plain (target: 5), "
                f"{compiled['p50'] / ours['p50']:.2f} times as fast as compiled at p50 (target: 1), "
                f"{compiled['p99'] / ours['p99']:.2f} times at p99 (target: above 1)."
            )


def taken(record: dict[str, Any]) -> str:
    """When, at which commits, and under which load of the machine."""
    sections = record["sections"].values()
    loads = [load for section in sections for load in section["load"] if load is not None]
    commits = ", ".join(dict.fromkeys(section["commit"] for section in sections if section["commit"]))
    days = " to ".join(sorted({section["taken"][:10] for section in sections}))
    busy = f", load average {min(loads):.1f} to {max(loads):.1f}" if loads else ""
    beside = " Other programs used the cores at the same time: alone it is faster." if loads and loads[0] > 1 else ""
    return f"Taken {days} at {commits or 'no commit'}, seed {next(iter(sections))['seed']}{busy}.{beside}"


def title(record: dict[str, Any]) -> str:
    """The machine and its arithmetic, in a line."""
    machine = record["machine"]
    on = machine.get("gpu") or f"{machine['cores']} cores of {machine['cpu']}"
    dtype = next((section["dtype"] for section in record["sections"].values() if "dtype" in section), "")
    return f"{on}, torch {machine['torch']}" + (f"; {dtype}" if dtype else "")


def markdown(folder: Path) -> str:
    """The README's text between the two comments. Raises ValueError where there are no measurements."""
    machines = records(folder)
    blocks = []
    for record in machines:
        lines = [COLUMNS, ("---", "---", *["---:"] * 6, "---"), *rows(record)]
        if record is machines[-1] and "gpu" not in record["machine"]:
            lines.append(NO_GPU)
        table = "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
        blocks += [f"On {title(record)}:", table, *remarks(record), taken(record)]
    return "\n\n".join(blocks)


def write(readme: Path, folder: Path) -> None:
    """Put the measurements into the README. Raises ValueError where it lacks the comments."""
    text = readme.read_text(encoding="utf-8")
    between = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    if not between.search(text):
        raise ValueError(f"{readme} lacks the lines {BEGIN} and {END}, between which the measurements go")
    section = f"{BEGIN}\n\n{markdown(folder)}\n\n{END}"
    write_whole(readme, between.sub(lambda _: section, text).encode())


def tables(folder: Path) -> Iterator[Table | str]:
    """The same for the terminal: a table for each machine, then its remarks."""
    for record in records(folder):
        table = Table(title=plain(title(record)), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
        for name in COLUMNS[:-1]:
            number = name not in ("what", "size")
            table.add_column(name, justify="right" if number else "left", no_wrap=name != "what")
        for *cells, remark in rows(record):
            what = plain(cells[0])
            table.add_row(what.append(f"\n{remark}", "dim") if remark else what, *map(plain, cells[1:]))
        yield table
        yield from remarks(record)
        yield taken(record)
