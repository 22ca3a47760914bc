"""A stage for the doctor: the rig with an upload behind it, and HTTPS before its bot."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.cli.doctor import Doctor
from bot.cli.examining import here
from bot.domain.checkup.findings import Finding, Grade
from bot.domain.checkup.kinds import CHECKS
from bot.sandbox import example
from bot.settings import Settings
from tests.rig import Rig, open_rig
from tests.stories.helping import ONE, model

#: What Linux tells of a machine with one plain disk.
PLAIN_DISK = "22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n"


@cache
def certificate() -> tuple[bytes, bytes]:
    """Make a certificate for this machine, and its key, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "switchyard.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.public_bytes(serialization.Encoding.PEM), private


class Clinic:
    """A rig, a proxy with HTTPS before its bot, and a doctor. `answer` replaces what the proxy passes on."""

    def __init__(self, rig: Rig, url: str) -> None:
        self.rig, self.url = rig, url
        self.answer: web.Response | None = None
        self.settings = replace(rig.settings, public_url=url)
        self.mounts = PLAIN_DISK
        self.hours_ahead = 0.0

    async def examine(
        self, *named: str, problems: Sequence[str] = (), patience: float = 10.0, **changes: Any
    ) -> list[Finding]:
        """Have the doctor look, with settings that differ."""
        settings: Settings = replace(self.settings, **changes)
        doctor = Doctor(
            settings,
            problems,
            mounts=self.mounts,
            now=lambda: self.rig.clock() + self.hours_ahead * 3600.0,
            patience=patience,
        )
        return await doctor.examine(named)

    async def wrong(self, *named: str, **more: Any) -> list[str]:
        """Name what the doctor finds that is not right."""
        return [one.kind.name for one in await self.examine(*named, **more) if one.kind.grade is not Grade.OK]

    async def pass_on(self, request: web.Request) -> web.StreamResponse:
        """Pass a request on to the bot."""
        if self.answer is not None:
            answer, self.answer = self.answer, None
            return answer
        async with aiohttp.ClientSession() as session, session.get(f"{self.rig.url}{request.path}") as got:
            return web.Response(status=got.status, body=await got.read(), content_type=got.content_type)


@asynccontextmanager
async def open_clinic(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, uploaded: bool = True, drawing: bool = False, **more: Any
) -> AsyncIterator[Clinic]:
    """Set the stage: all is well with what is there. Graphviz is only tried where it is to be: that takes long."""
    if not drawing:
        monkeypatch.setattr(here, "drawing", list)
    public, private = certificate()
    (folder / "tls.pem").write_bytes(public + private)
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "tls.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "tls.pem")
    stage = {"model": model(ONE), "files": example.files(), "reviewers": {"dev": ["lead"]}, **more}
    async with open_rig(folder, **stage) as rig:
        clinic = Clinic(rig, "")
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", clinic.pass_on)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
            await site.start()
            clinic.url = f"https://127.0.0.1:{runner.addresses[0][1]}"
            clinic.settings = replace(rig.settings, public_url=clinic.url)
            assert rig.bot.lock.take()
            if uploaded:
                rig.scene.open_pull(["vpc"])
            await rig.until_quiet()
            rig.sandbox.webhook_url = f"{clinic.url}/webhooks/github"
            yield clinic
        finally:
            rig.bot.lock.release()
            await runner.cleanup()


def checks(findings: Sequence[Finding]) -> set[str]:
    """Name the checks that told something, in general or of a repository."""
    assert {one.check for one in findings} <= set(CHECKS)
    return {one.check for one in findings}
