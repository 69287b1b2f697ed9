"""The client for addresses from outside: what it refuses to call, and that a call ends."""

import datetime
import ipaddress
import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from shared.aws.public_web import AddressRefused, PublicWeb, WebAnswer, WebFailed, is_public

NAME = "files.example.com"
DEADLINE = 5.0


class _Server(BaseHTTPRequestHandler):
    """Answers by path: a file, a redirect, too many bytes, or bytes that drip."""

    seen: ClassVar[list[tuple[str, str | None, bytes]]] = []

    def do_GET(self) -> None:
        self.seen.append((self.path, self.headers.get("host"), b""))
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("location", "http://127.0.0.1:1/inside")
            self.end_headers()
        elif self.path == "/drip":
            self.send_response(200)
            self.end_headers()
            while True:
                self.wfile.write(b"x")
                self.wfile.flush()
                time.sleep(0.05)
        else:
            self.send_response(200 if self.path != "/gone" else 404)
            self.end_headers()
            self.wfile.write(b"%PDF-1.4 a receipt")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.seen.append((self.path, self.headers.get("x-said"), body))
        self.send_response(202)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return path


@pytest.fixture(scope="module")
def port(certificate: Path) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Server)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()


@pytest.fixture
def web(certificate: Path) -> PublicWeb:
    context = ssl.create_default_context(cafile=str(certificate))
    return PublicWeb(allow_loopback=True, resolver=lambda _host, _port: ["127.0.0.1"], verify=context)


def get(web: PublicWeb, url: str, *, most: int = 100, deadline: float = DEADLINE) -> WebAnswer:
    return web.fetch(url, largest=most, deadline=deadline)


@pytest.mark.parametrize(
    "url",
    [
        "http://files.example.com/a",
        "ftp://files.example.com/a",
        "https://user:secret@files.example.com/a",
        "https:///a",
        "https://files.example.com:0/a",
        "https://files.example.com:99999/a",
        "https://localhost/a",
        "https://127.0.0.1/a",
        "https://127.1/a",
        "https://0x7f000001/a",
        "https://2130706433/a",
        "https://10.0.0.8/a",
        "https://172.16.0.1/a",
        "https://192.168.1.1/a",
        "https://100.64.0.1/a",
        "https://169.254.169.254/latest/meta-data",
        "https://0.0.0.0/a",
        "https://224.0.0.1/a",
        "https://255.255.255.255/a",
        "https://[::1]/a",
        "https://[::]/a",
        "https://[fe80::1]/a",
        "https://[fc00::1]/a",
        "https://[fec0::1]/a",
        "https://[::ffff:127.0.0.1]/a",
        "https://[::ffff:10.0.0.1]/a",
        "https://[64:ff9b::7f00:1]/a",
        "https://[2002:7f00:1::]/a",
        "https://files.example.com/a b",
        "https://files.example.com\\@127.0.0.1/a",
        "https://files.example.com/" + "a" * 2048,
    ],
)
def test_an_address_that_is_not_public_is_refused_when_named_and_when_called(url: str) -> None:
    client = PublicWeb()
    with pytest.raises(AddressRefused):
        client.check(url)
    with pytest.raises(AddressRefused):
        get(client, url)


def test_a_name_is_refused_for_any_private_address_of_it() -> None:
    client = PublicWeb(resolver=lambda _host, _port: ["93.184.215.14", "192.168.0.1"])
    with pytest.raises(AddressRefused):
        client.check(f"https://{NAME}/a")


def test_a_name_that_leads_elsewhere_a_moment_later_gains_nothing() -> None:
    answers = iter([["93.184.215.14"], ["127.0.0.1"]])
    client = PublicWeb(resolver=lambda _host, _port: next(answers))
    client.check(f"https://{NAME}/a")
    with pytest.raises(AddressRefused):
        get(client, f"https://{NAME}/a")


def test_a_name_that_does_not_resolve_is_let_pass_and_fails_when_called() -> None:
    def missing(_host: str, _port: int) -> list[str]:
        raise OSError("no such name")

    client = PublicWeb(resolver=missing)
    client.check(f"https://{NAME}/a")
    with pytest.raises(WebFailed):
        get(client, f"https://{NAME}/a")


def test_a_file_is_fetched_from_the_address_that_was_looked_at_with_tls_for_the_name(web: PublicWeb, port: int) -> None:
    answer = get(web, f"https://{NAME}:{port}/receipt")
    assert (answer.status, answer.body) == (200, b"%PDF-1.4 a receipt")
    assert _Server.seen[-1] == ("/receipt", f"{NAME}:{port}", b"")


def test_a_certificate_of_another_name_is_refused(web: PublicWeb, port: int) -> None:
    with pytest.raises(WebFailed):
        get(web, f"https://other.example.com:{port}/receipt")


@pytest.mark.parametrize(("path", "status"), [("/moved", 302), ("/gone", 404)])
def test_no_redirect_is_followed_and_what_is_not_there_is_no_file(
    web: PublicWeb, port: int, path: str, status: int
) -> None:
    with pytest.raises(WebFailed) as failed:
        get(web, f"https://{NAME}:{port}{path}")
    assert (failed.value.again, failed.value.status) == (False, status)


def test_no_more_bytes_are_taken_than_were_asked_for(web: PublicWeb, port: int) -> None:
    with pytest.raises(WebFailed, match="larger than 10 bytes") as failed:
        get(web, f"https://{NAME}:{port}/receipt", most=10)
    assert not failed.value.again


def test_bytes_that_drip_do_not_outlive_the_deadline(web: PublicWeb, port: int) -> None:
    begun = time.monotonic()
    with pytest.raises(WebFailed) as failed:
        get(web, f"https://{NAME}:{port}/drip", most=10_000, deadline=0.5)
    assert failed.value.again and time.monotonic() - begun < 3


def test_a_post_carries_its_headers_and_body_and_returns_what_answered(web: PublicWeb, port: int) -> None:
    answer = web.post(f"https://{NAME}:{port}/hook", {"x-said": "signed"}, b"{}", DEADLINE)
    assert answer.status == 202
    assert _Server.seen[-1] == ("/hook", "signed", b"{}")


def test_this_machine_may_be_named_on_the_local_stage_alone() -> None:
    PublicWeb(allow_loopback=True).check("http://127.0.0.1:8000/a")
    with pytest.raises(AddressRefused):
        PublicWeb(allow_loopback=True).check("https://10.0.0.1/a")


@pytest.mark.parametrize("text", ["93.184.215.14", "8.8.8.8", "2606:2800:21f:cb07::1", "::ffff:8.8.8.8"])
def test_addresses_of_the_open_internet_are_public(text: str) -> None:
    assert is_public(ipaddress.ip_address(text))
