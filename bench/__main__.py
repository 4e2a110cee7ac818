"""`python -m bench [QUESTION]`: answers one question, or all of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
NO_QUESTIONS = {"__init__", "__main__", "harness"}


def questions() -> list[str]:
    """Return the questions that can be asked."""
    return sorted(path.stem for path in HERE.glob("*.py") if path.stem not in NO_QUESTIONS and path.stem[0] != "_")


def main(arguments: list[str]) -> int:
    """Answer; 1 when a goal was not met or a bench failed, 2 for an unknown question."""
    unknown = set(arguments) - set(questions())
    if unknown:
        print(f"no such question: {', '.join(unknown)}. There are: {', '.join(questions())}.", file=sys.stderr)
        return 2
    code = 0
    for question in arguments or questions():
        print(f"── {question}", flush=True)
        code |= _run([sys.executable, "-m", f"bench.{question}"])
    return min(code, 1)


def _run(command: list[str]) -> int:
    """Run a bench; after Ctrl-C, which it hears too, wait until it has ended what it started."""
    with subprocess.Popen(command, cwd=HERE.parent) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.wait()
            raise


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
