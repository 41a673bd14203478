"""A mail server process on a loopback port, whose manners a test can spoil.

`PostOffice` starts it, with a temper, and kills it; e-mails that it took lie in a folder, one file
each. Tempers: `kind` takes everything; `slow` greets late; `drops` takes the e-mail and breaks off
before it says so; `full` says 451 to the recipient; `strict` says 550; `secret` wants STARTTLS and
a password; `tls` speaks TLS from the first byte.
"""

import asyncio
import socket
import ssl
import subprocess
import sys
import time
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from tests.running import ROOT, free_port

SLOW_S = 1.5
RECIPIENT = {"full": b"451 the disk is full", "strict": b"550 nobody of that name"}


@dataclass
class PostOffice:
    """The process as tests see it: `open`, `close`, and what came in."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def emails(self) -> list[EmailMessage]:
        """Whatever was taken, oldest first."""
        files = sorted(self.folder.glob("*.eml"))
        return [message_from_bytes(file.read_bytes(), policy=default) for file in files]

    def open(self, temper: str = "kind") -> None:
        """Start it and wait until it listens."""
        command = [sys.executable, "-m", "tests.smtp_server"]
        self.process = subprocess.Popen(
            [*command, str(self.port), str(self.folder), temper], cwd=ROOT
        )
        deadline = time.monotonic() + 100
        while not self._listens():
            assert time.monotonic() < deadline, "the mail server did not start"
            time.sleep(0.02)

    def close(self) -> None:
        """Kill it, as a machine that loses power would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


class Conversation:
    """One client's turn (RFC 5321), as far as a client that sends mail goes."""

    def __init__(self, temper: str, folder: Path, certificate: ssl.SSLContext | None) -> None:
        self.temper, self.folder, self.certificate = temper, folder, certificate
        self.is_safe = temper == "tls"
        self.has_signed_in = False

    async def hold(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, TimeoutError):
            pass
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.temper == "slow":
            await asyncio.sleep(SLOW_S)
        writer.write(b"220 post office\r\n")
        while line := await reader.readline():
            verb = line[:4].upper().strip()
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                self._keep(await reader.readuntil(b"\r\n.\r\n"))
                if self.temper == "drops":
                    return
                writer.write(b"250 taken\r\n")
            elif verb == b"STAR":
                writer.write(b"220 go on\r\n")
                await writer.start_tls(self.certificate)
                self.is_safe = True
            elif verb == b"QUIT":
                writer.write(b"221 bye\r\n")
                return
            else:
                writer.write(self._answer(verb, line) + b"\r\n")
            await writer.drain()

    def _answer(self, verb: bytes, line: bytes) -> bytes:
        if verb == b"EHLO":
            if self.temper != "secret":
                return b"250-post office\r\n250 8BITMIME"
            extra = b"250 AUTH PLAIN" if self.is_safe else b"250 STARTTLS"
            return b"250-post office\r\n" + extra
        if verb == b"AUTH":
            # "\0user\0pass word" in base64
            self.has_signed_in = b"AHVzZXIAcGFzcyB3b3Jk" in line
            return b"235 welcome" if self.has_signed_in else b"535 wrong"
        if verb == b"MAIL" and self.temper == "secret" and not self.has_signed_in:
            return b"530 sign in first"
        if verb == b"RCPT":
            return RECIPIENT.get(self.temper, b"250 fine")
        return b"250 fine"

    def _keep(self, data: bytes) -> None:
        email = data.removesuffix(b"\r\n.\r\n").replace(b"\r\n..", b"\r\n.")
        (self.folder / f"{time.time_ns()}.eml").write_bytes(email)


async def main(port: int, folder: Path, temper: str) -> None:
    certificate = None
    if temper in {"secret", "tls"}:
        certificate = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        certificate.load_cert_chain(folder / "certificate.pem")

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Conversation(temper, folder, certificate).hold(reader, writer)

    context = certificate if temper == "tls" else None
    server = await asyncio.start_server(hold, "127.0.0.1", port, ssl=context)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))
