"""Under TLS the client's socket cannot be passed: the gate carries its bytes."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import ssl
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from coterie.wire.closing import Closing
from coterie.wire.messages.connection import Ping, Pong
from coterie.wire.messages.documents import DocumentOpen
from tests.hub.gate.conftest import Scene
from tests.support.hub import BY_NEWS_ALONE, PASSWORD, Account, RunningHub
from tests.support.socket import Closed, WorkspaceSocket


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for this machine's loopback, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(signed.public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return folder / "cert.pem", folder / "key.pem"


@dataclass
class Secured:
    scene: Scene
    trust: ssl.SSLContext

    async def open(self) -> WorkspaceSocket:
        cookie = "; ".join(f"{name}={value}" for name, value in self.scene.ada.http.cookies.items())
        url = self.scene.hub.address.replace("https", "wss", 1) + f"/w/{self.scene.workspace}"
        return await WorkspaceSocket.open(
            url, {"Cookie": cookie, "Origin": self.scene.hub.address}, ssl_context=self.trust
        )


@pytest.fixture
async def secured() -> AsyncIterator[Secured]:
    with tempfile.TemporaryDirectory(prefix="cot-") as folder:
        cert, key = certificate(Path(folder))
        trust = ssl.create_default_context(cafile=str(cert))
        environment = {"COTERIE_DRIVER": "process", "COTERIE_TLS_CERT": str(cert), "COTERIE_TLS_KEY": str(key)}
        hub = RunningHub(Path(folder) / "data", environment)
        hub.address = f"https://127.0.0.1:{hub.port}"
        hub.prelude = BY_NEWS_ALONE
        try:
            hub.start()
            ada = Account(hub, "ada")
            ada.http = httpx.Client(base_url=hub.address, headers={"origin": hub.address}, verify=trust, timeout=30)
            person = {"username": "ada", "display_name": "Ada", "password": PASSWORD}
            ada.post("/setup", {"token": hub.setup_link.partition("#")[2], **person})
            ada.sign_in()
            scene = Scene(hub, ada, ada, ada.post("/workspaces", {"name": "x", "source": {"kind": "blank"}})["id"])
            await asyncio.to_thread(scene.ada.until, scene.workspace, "running")
            yield Secured(scene, trust)
        finally:
            hub.close()


async def test_bytes_are_carried_and_can_be_cut(secured: Secured) -> None:
    page = await secured.open()
    page.send(Ping(3))
    assert (await page.wait(Pong)).number == 3
    # More than the buffers on the way hold, so that the sender is held back and let go again.
    for number in range(200):
        page.send(DocumentOpen(number + 1, "x" * 100_000))
    page.send(Ping(4))
    await page.wait(Pong, lambda pong: pong.number == 4)
    secured.scene.ada.post("/sign-out-everywhere")
    assert (await page.wait_closed()).code == Closing.SIGNED_OUT
    with pytest.raises(Closed) as caught:
        await secured.open()
    assert caught.value.code == Closing.SIGNED_OUT
