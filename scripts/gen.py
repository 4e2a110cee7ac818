"""Writes every generated file of the repository, or with --check says which ones differ from the code."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from coterie.hub.openapi import document
from coterie.wire import typescript
from scripts import reference

ROOT = Path(__file__).parent.parent
WIRE = ROOT / "web" / "src" / "wire" / "generated.ts"
API = ROOT / "web" / "src" / "api" / "schema.d.ts"


def api_types() -> str:
    """The TypeScript of the hub's OpenAPI document."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "openapi.json"
        path.write_text(json.dumps(document(), sort_keys=True))
        command = ["npx", "openapi-typescript", str(path)]
        ran = subprocess.run(command, cwd=ROOT / "web", capture_output=True, text=True, check=False)
    if ran.returncode:
        raise SystemExit(f"openapi-typescript failed:\n{ran.stderr}")
    return ran.stdout


def outputs(only: str) -> dict[Path, str]:
    """The text of every generated file, by path; `only` is `docs` or empty."""
    texts = {ROOT / "docs" / "reference" / name: page() for name, page in reference.PAGES.items()}
    if only != "docs":
        texts[WIRE] = typescript.generate()
        texts[API] = api_types()
    return texts


def main(arguments: list[str]) -> int:
    """Write what differs; with --check write nothing, and 1 when something would have been."""
    differing = [
        (path, text)
        for path, text in outputs("docs" if "docs" in arguments else "").items()
        if not path.exists() or path.read_text() != text
    ]
    for path, text in differing:
        name = path.relative_to(ROOT)
        if "--check" in arguments:
            print(f"{name} is not what the code says: run `make gen` and commit it")
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        print(f"wrote {name}")
    return 1 if differing and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
