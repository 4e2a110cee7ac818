"""The hub's own key, with which tickets are signed: made once, kept in the data directory, readable by nobody else."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def load_key(data: Path) -> Ed25519PrivateKey:
    """Return the ticket key in `data`/keys, made now when there is none (0600, raw 32 bytes)."""
    folder = data / "keys"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / "tickets.key"
    if not path.exists():
        fresh = Ed25519PrivateKey.generate().private_bytes_raw()
        temporary = folder / f".tickets.{os.getpid()}"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(fresh)
            file.flush()
            os.fsync(file.fileno())
        try:
            # A link fails where a rename would replace: of two hubs that start at once, both use the first one's key.
            os.link(temporary, path)
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    return Ed25519PrivateKey.from_private_bytes(path.read_bytes())


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    """The raw public key (32 bytes) that machines verify tickets with."""
    return key.public_key().public_bytes_raw()
