"""The files of /etc that are made for machines instead of being taken from the host."""

from __future__ import annotations

from pathlib import Path

HOSTNAME = "workspace"

_NAMESERVER = "10.0.2.3"
"""Where slirp4netns answers for the host's resolver."""

_FILES = {
    "passwd": (
        "root:x:0:0:root:/root:/usr/sbin/nologin\n"
        "user:x:1000:1000::/home/user:/bin/bash\n"
        "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
    ),
    "group": "root:x:0:\nuser:x:1000:\nnogroup:x:65534:\n",
    "hostname": f"{HOSTNAME}\n",
    "hosts": f"127.0.0.1 localhost {HOSTNAME}\n::1 localhost ip6-localhost\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n",
    "machine-id": "",
}


def make(folder: Path, *, online: bool, host: bool) -> None:
    """Write the files into `folder`; `host`: machines use the host's network, and so its resolver."""
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    resolver = f"nameserver {_NAMESERVER}\n" if online else ""
    if host and Path("/etc/resolv.conf").exists():
        resolver = Path("/etc/resolv.conf").read_text()
    for name, text in {**_FILES, "resolv.conf": resolver}.items():
        path = folder / name
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
        path.chmod(0o644)
