"""TLS: the certificate has to be for the name that was asked, and a slow handshake is left."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.net.http_client import Connections, Request, Unreachable, addresses, connection
from tests import certificates
from tests.listening import listening

NAME = "service.example.com"


@pytest.fixture
def certificate(tmp_path, monkeypatch) -> Path:
    """For NAME alone, trusted by us; all names lead to loopback."""
    file = certificates.write(tmp_path, NAME)
    trust = ssl.create_default_context(cafile=file)
    monkeypatch.setattr(connection, "tls_context", lambda: trust)

    async def loopback(_name: str) -> list[str]:
        return ["127.0.0.1"]

    monkeypatch.setattr(addresses, "look_up", loopback)
    return file


@contextlib.asynccontextmanager
async def serving(certificate: Path) -> AsyncIterator[tuple[int, list[str | None]]]:
    """A port behind which `hi` is said below TLS, and the names that were asked for there."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    asked: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: asked.append(name)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")

    async with listening(answer, "127.0.0.1", ssl=context) as port:
        yield port, asked


async def asked(name: str, port: int, **more) -> bytes:
    kept = Connections()
    try:
        async with kept.ask(Request("GET", f"https://{name}:{port}/", {}, **more)) as reply:
            return await reply.whole(100)
    finally:
        await kept.aclose()


def test_the_name_is_asked_for_and_proved(certificate):
    async def main() -> None:
        async with serving(certificate) as (port, names):
            assert await asked(NAME, port) == b"hi"
            assert names == [NAME]

    asyncio.run(main())


def test_another_ones_certificate_is_no_connection(certificate):
    async def main() -> None:
        async with serving(certificate) as (port, _):
            with pytest.raises(Unreachable, match=r"other\.example\.com"):
                await asked("other.example.com", port)

    asyncio.run(main())


def test_a_certificate_that_nobody_vouches_for_is_no_connection(certificate, monkeypatch):
    monkeypatch.setattr(connection, "tls_context", ssl.create_default_context)

    async def main() -> None:
        async with serving(certificate) as (port, _):
            with pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
                await asked(NAME, port)

    asyncio.run(main())


def test_a_handshake_that_goes_nowhere_is_left_and_its_socket_closed(certificate):
    left = asyncio.Event()

    async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1_000):
            pass
        left.set()
        writer.close()

    async def main() -> None:
        async with listening(stall, "127.0.0.1") as port:
            with pytest.raises(Unreachable):
                await asked(NAME, port, timeout_s=0.2)
            await asyncio.wait_for(left.wait(), 60)

    asyncio.run(main())
