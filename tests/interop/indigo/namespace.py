"""A network on one machine: names, public-looking addresses, TLS by an authority of its own.

Relays refuse addresses of a private network, whatever their flags say. Inside a network namespace
of our own every address is ours, so hosts have public ones there, and nothing leaves it.
"""

import asyncio
import os
import socket
import ssl
import subprocess
import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NETWORK = "45.60.70."
CHUNK_BYTES = 65_536


def enter(folder: Path, names: list[str]) -> dict[str, str]:
    """Give the namespace that we are in its addresses and names; the address of each name. Call it
    under `unshare --net --mount`."""
    addresses = {name: f"{NETWORK}{number}" for number, name in enumerate(names, 1)}
    _run("mount", "--make-rprivate", "/")
    _run("ip", "link", "set", "lo", "up")
    for address in addresses.values():
        _run("ip", "addr", "add", f"{address}/32", "dev", "lo")
    hosts = [f"{address} {name}" for name, address in addresses.items()]
    _replace("/etc/hosts", folder / "hosts", ["127.0.0.1 localhost", *hosts])
    _replace("/etc/resolv.conf", folder / "resolv.conf", ["nameserver 127.0.0.1"])
    threading.Thread(target=_serve_dns, args=(addresses,), daemon=True).start()
    return addresses


def _serve_dns(addresses: Mapping[str, str]) -> None:
    """Answer questions for the addresses of our names, for those who read no /etc/hosts."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 53))
        while True:
            data, client = server.recvfrom(4096)
            question = dns.message.from_wire(data)
            answer = dns.message.make_response(question, recursion_available=True)
            asked = question.question[0]
            address = addresses.get(asked.name.to_text(omit_final_dot=True).lower())
            if address is None:
                answer.set_rcode(dns.rcode.NXDOMAIN)
            elif asked.rdtype == dns.rdatatype.A:
                answer.answer.append(dns.rrset.from_text(asked.name, 60, "IN", "A", address))
            server.sendto(answer.to_wire(), client)


def make_authority(folder: Path, names: list[str]) -> Path:
    """An authority, and a certificate of it for all names beside it. Everybody who starts after
    this in our environment believes it."""
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority of a test")])
    authority = (
        _certificate(issuer, issuer, authority_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    certificate = (
        _certificate(subject, issuer, key)
        .add_extension(alternatives, critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    pem = serialization.Encoding.PEM
    (folder / "server.pem").write_bytes(certificate.public_bytes(pem) + private)
    file = folder / "authority.pem"
    file.write_bytes(authority.public_bytes(pem))
    os.environ |= {"SSL_CERT_FILE": str(file), "NODE_EXTRA_CA_CERTS": str(file)}
    return folder / "server.pem"


def serve_tls(certificate: Path, ports: Mapping[str, int]) -> None:
    """In a thread, at port 443 of each address: TLS; what is in it goes to a loopback port: the one
    that `ports` names when somebody connects."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    ready = threading.Event()

    async def serve() -> None:
        for address in ports:
            await asyncio.start_server(_forward(ports, address), address, 443, ssl=context)
        ready.set()
        await asyncio.Event().wait()

    threading.Thread(target=lambda: asyncio.run(serve()), daemon=True).start()
    assert ready.wait(10)


def _forward(ports: Mapping[str, int], address: str):
    async def on_connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", ports[address])
        except OSError:
            writer.close()
            return
        await asyncio.gather(_copy(reader, inner_writer), _copy(inner_reader, writer))

    return on_connection


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, ssl.SSLError):
        while chunk := await reader.read(CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
    with suppress(OSError, ssl.SSLError):
        writer.close()


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now, day = datetime.now(UTC), timedelta(days=1)
    return x509.CertificateBuilder(
        issuer, subject, key.public_key(), x509.random_serial_number(), now - day, now + day
    )


def _replace(path: str, file: Path, lines: list[str]) -> None:
    file.write_text("".join(f"{line}\n" for line in lines))
    _run("mount", "--bind", str(file), path)


def _run(*argv: str) -> None:
    subprocess.run(argv, check=True)
