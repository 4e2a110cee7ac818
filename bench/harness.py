"""What benches share: peers, turns, medians, the machine's description, and where results are kept."""

from __future__ import annotations

import datetime
import json
import math
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import venv
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

ROOT = Path(__file__).parent.parent
PEERS = ROOT / "bench" / ".peers"
RESULTS = ROOT / "bench" / "RESULTS.md"

_HEADING = "# What the benches measured\n\nNewest last. Each entry has the command that repeats it.\n"
_VERSIONS = ("uvloop", "picows", "pycrdt", "msgspec", "uvicorn")
_TICKS = os.sysconf("SC_CLK_TCK")

T = TypeVar("T")

_tables: list[str] = []
_peers: dict[str, str] = {}
"""Versions of the peers' packages, by name."""


def pip_peer(name: str, packages: Sequence[str]) -> Path:
    """Install Python packages into the peer's own environment, once; return its Python."""
    place = PEERS / name / "venv"
    python = place / "bin" / "python"
    done = place / ".installed"
    wanted = "\n".join(packages)
    if not done.exists() or done.read_text() != wanted:
        venv.create(place, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
        done.write_text(wanted)
    names = {re.split(r"[\[=<>]", package)[0] for package in packages}
    site = [str(path) for path in (place / "lib").glob("python*/site-packages")]
    for found in metadata.distributions(path=site):
        if found.name in names:
            _peers[found.name] = found.version
    return python


def npm_peer(name: str, packages: Sequence[str]) -> Path:
    """Install npm packages into the peer's own folder, once; return the folder."""
    place = PEERS / name
    done = place / ".installed"
    wanted = "\n".join(packages)
    if not done.exists() or done.read_text() != wanted:
        place.mkdir(parents=True, exist_ok=True)
        (place / "package.json").write_text('{"private": true}\n')
        npm = shutil.which("npm", path=_path()) or "npm"
        subprocess.run(
            [npm, "install", "--silent", "--no-audit", "--no-fund", *packages], cwd=place, env=_env(), check=True
        )
        done.write_text(wanted)
    for package in packages:
        name = package[0] + package[1:].partition("@")[0]
        _peers[name] = json.loads((place / "node_modules" / name / "package.json").read_text())["version"]
    return place


def node() -> str:
    """The Node.js that this checkout uses."""
    return shutil.which("node", path=_path()) or "node"


def compile_c(source: Path) -> Path | None:
    """Compile a load generator, once per version of its source; None where there is no C compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    program = PEERS / "c" / source.stem
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        program.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([compiler, "-O2", "-o", program, source], check=True)
    return program


def in_turn(contestants: Mapping[str, Callable[[], T]], runs: int) -> dict[str, list[T]]:
    """Run everyone `runs` times, in turn: what else the machine does meets all of them alike."""
    results: dict[str, list[T]] = {name: [] for name in contestants}
    for run in range(runs):
        # Every other round backwards, so that nobody always comes after the same one.
        names = list(contestants) if run % 2 == 0 else list(contestants)[::-1]
        for name in names:
            results[name].append(contestants[name]())
    return results


async def in_turn_async(contestants: Mapping[str, Callable[[], Awaitable[T]]], runs: int) -> dict[str, list[T]]:
    """As `in_turn`, for coroutine functions."""
    results: dict[str, list[T]] = {name: [] for name in contestants}
    for run in range(runs):
        names = list(contestants) if run % 2 == 0 else list(contestants)[::-1]
        for name in names:
            results[name].append(await contestants[name]())
    return results


def cpu_seconds(process: int) -> float:
    """CPU time that a process has used, user and system together."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def resident(process: int) -> int:
    """Resident bytes of a process."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def median(values: Iterable[float]) -> float:
    """The median."""
    return statistics.median(values)


def percentile(values: Sequence[float], percent: float) -> float:
    """The value below which `percent` of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def table(heading: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print a table, and keep it for RESULTS.md."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(len(row[i]) for row in [list(heading), *cells]) for i in range(len(heading))]
    lines = ["| " + " | ".join(text.ljust(width) for text, width in zip(heading, widths, strict=True)) + " |"]
    lines.append("|" + "|".join("-" * (width + 2) for width in widths) + "|")
    lines += ["| " + " | ".join(t.ljust(w) for t, w in zip(row, widths, strict=True)) + " |" for row in cells]
    text = "\n".join(lines)
    print(text, flush=True)
    _tables.append(text)


def finish(result: Mapping[str, Any]) -> None:
    """Keep the result in RESULTS.md, print it as the last line, and exit: 0 when the goal was met, else 1.

    `result` has `question`, `ours`, `peers` (by name), `ratio`, `goal` (in words) and `met`.
    """
    missing = {"question", "ours", "peers", "ratio", "goal", "met"} - set(result)
    if missing:
        raise ValueError(f"the result lacks {sorted(missing)}")
    line = json.dumps(_rounded(result))
    print(f"\n{machine()}\n{versions()}\n", flush=True)
    if os.environ.get("KEEP", "1") != "0":
        _keep(str(result["question"]), line)
    print(line, flush=True)
    sys.exit(0 if result["met"] else 1)


def machine() -> str:
    """What this machine is, in a line."""
    model = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
        memory = f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / (1 << 30):.0f} GiB"
    except OSError:
        memory = "unknown memory"
    return f"{os.cpu_count()} × {model}, {memory}, {platform.system()} {platform.release()}"


def versions() -> str:
    """What ran, in a line: ours, and the peers' packages that this run asked for."""
    ours = [f"{name} {metadata.version(name)}" for name in _VERSIONS]
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    peers = [f"{name} {version}" for name, version in sorted(_peers.items())]
    if peers:
        ran = subprocess.run([node(), "--version"], env=_env(), capture_output=True, text=True, check=False)
        peers = [f"beside Node.js {ran.stdout.strip().lstrip('v') or 'unknown'}", *peers]
    return ", ".join([f"Coterie {commit or 'unknown'}", f"Python {platform.python_version()}", *ours, *peers])


def _keep(question: str, line: str) -> None:
    if not RESULTS.exists():
        RESULTS.write_text(_HEADING)
    day = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
    entry = [
        f"\n## {question}, {day}\n",
        f"- Machine: {machine()}",
        f"- Versions: {versions()}",
        f"- Command: `make bench Q={question}`\n",
        *(f"{text}\n" for text in _tables),
        f"```json\n{line}\n```",
    ]
    with RESULTS.open("a") as file:
        file.write("\n".join(entry) + "\n")


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "–" if math.isnan(value) else f"{value:.3g}"
    return str(value)


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, Mapping):
        return {key: _rounded(one) for key, one in value.items()}
    return value


def _path() -> str:
    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"


def _env() -> dict[str, str]:
    return {**os.environ, "PATH": _path()}
