"""Data from an address, by the command line and from a server on this machine."""

import hashlib
import os
import signal
import ssl
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.needs import needs
from tests.server import Server, redirects, running, sends, stalls

TEXT = b"if you want to build a ship, don't drum up people"
SHA256 = hashlib.sha256(TEXT).hexdigest()


@pytest.fixture(autouse=True)
def cache(rnnlab, monkeypatch):
    """The cache folder, in the working folder."""
    monkeypatch.setenv("RNNLAB_CACHE", str(Path("cache").absolute()))
    return Path("cache")


def page(url: str) -> str:
    """The name of a configuration with an address."""
    Path("page.yaml").write_text(
        f"dataset: {{kind: text, url: '{url}', sha256: {SHA256}, window: 5}}\n"
        "model: {kind: lstm, units: 4}\ntraining: {batching: windows, batch_size: 8}\n"
    )
    return "page.yaml"


def test_a_configuration_downloads_its_data_once(rnnlab):
    """And needs no server after that."""
    with running(Server()) as server:
        url = server.url("/ship.txt", sends(TEXT))
        first = rnnlab("describe", page(url))
    second = rnnlab("describe", "page.yaml")

    assert (first.exit_code, first.stderr) == (0, "")
    assert (
        " ".join(first.stdout.split())
        .partition(" data ")[2]
        .startswith(f"49 characters from {url} vocabulary")
    )
    assert second == first


def test_what_cannot_be_downloaded_is_one_line(rnnlab):
    """With exit code 1."""
    with running(Server()) as server:
        url = server.url("/ship.txt", sends(b"", status=500))
        answer = rnnlab("describe", page(url))

    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr == (
        f"dataset.url: cannot download {url} (HTTP status 500, Internal Server Error);"
        " check the address, or try again later\n"
    )


@needs("Unix")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_a_download_and_leaves_nothing(cache, monkeypatch, number, code):
    """In the middle of it, while the server says nothing."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    released = threading.Event()
    with running(Server()) as server:
        url = server.url("/ship.txt", stalls(released, TEXT, length=10**6))
        process = subprocess.Popen(
            [sys.executable, "-m", "rnnlab", "describe", page(url)], stderr=subprocess.PIPE, text=True
        )
        while not server.asked and process.poll() is None:
            released.wait(0.01)
        begun = list(cache.glob(".*.partial"))
        process.send_signal(number)
        _, error = process.communicate(timeout=20)
        released.set()

    assert begun
    assert (process.returncode, error.strip()) == (code, "interrupted")
    assert os.listdir(cache) == []


@pytest.fixture
def secure(tmp_path):
    """A server that speaks https with a certificate that it has signed itself, and the certificate's file."""
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = Server()
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    with running(server):
        yield server, certificate


@needs("openssl")
def test_a_certificate_that_nobody_vouches_for_is_refused(rnnlab, cache, secure):
    """Before the server learns what it is asked for."""
    server, _ = secure
    url = server.url("/ship.txt", sends(TEXT), scheme="https")

    answer = rnnlab("describe", page(url))

    assert answer.exit_code == 1
    assert answer.stderr.startswith(
        f"dataset.url: cannot download {url} (the server's certificate is not trusted: self"
    )
    assert answer.stderr.endswith(
        "); check the address, this machine's clock and its certificates (SSL_CERT_FILE)\n"
    )
    assert answer.stderr.count("\n") == 1
    assert server.asked == []
    assert os.listdir(cache) == []


@needs("openssl")
def test_a_server_that_is_trusted_does_not_lead_away_from_https(rnnlab, secure, monkeypatch):
    """Its own files are read, and a redirect to http is refused, even of this machine."""
    server, certificate = secure
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    url = server.url("/ship.txt", sends(TEXT), scheme="https")
    server.url("/old", redirects(url))
    server.url("/away", redirects(server.url("/ship.txt")))

    assert rnnlab("describe", page(url.replace("ship.txt", "away"))).stderr.startswith(
        f"dataset.url: cannot download {url.replace('ship.txt', 'away')} (it redirects to http://localhost:"
    )
    assert server.asked == ["/away"]
    assert rnnlab("describe", page(url.replace("ship.txt", "old"))).exit_code == 0
