"""The files of a dataset, downloaded ones among them, from a real server on this machine."""

import hashlib
import math
import os
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rnnlab.datasets import source
from rnnlab.datasets.corpus import load_corpus
from rnnlab.datasets.source import verified
from rnnlab.errors import DataError, DownloadError
from tests.needs import needs
from tests.server import Server, redirects, running, sends, stalls

TEXT = b"if you want to build a ship, don't drum up people\n" * 3000
SHA256 = hashlib.sha256(TEXT).hexdigest()
OTHER = hashlib.sha256(b"other").hexdigest()


@pytest.fixture
def server():
    """A server on this machine."""
    with running(Server()) as server:
        yield server


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """The cache folder, which does not exist yet."""
    monkeypatch.setenv("RNNLAB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def refusal(url: str, sha256: str = SHA256, **settings: float) -> str:
    """The line that says why an address does not give its file."""
    with pytest.raises(DownloadError) as caught:
        verified(url, sha256, **settings)
    return str(caught.value)


def test_a_file_is_downloaded_once(server, cache):
    """The second time nobody is asked, so that it works without a network; the name is the digest."""
    url = server.url("/text.txt", sends(TEXT))

    first = verified(url, SHA256)
    second = verified(url, SHA256)

    assert first == second == cache / SHA256
    assert first.read_bytes() == TEXT
    assert server.asked == ["/text.txt"]
    assert os.listdir(cache) == [SHA256]


def test_a_dataset_is_read_from_its_address(server, experiment):
    """Messages call it by its address, and its digest is that of the text."""
    url = server.url("/text.txt", sends(b"abcabc"))
    digest = hashlib.sha256(b"abcabc").hexdigest()

    corpus = load_corpus(experiment(f"kind: text, url: '{url}', sha256: '{digest.upper()}'").dataset)

    assert corpus.vocabulary.join(corpus.ids) == "abcabc"
    assert (corpus.names, corpus.sha256) == ((url,), digest)


def test_what_is_no_text_is_named_by_its_address_and_its_place(server, cache, experiment):
    """The digest was right, so it is the file itself that has to be mended."""
    url = server.url("/text.txt", sends(b"ab\n\xff"))
    digest = hashlib.sha256(b"ab\n\xff").hexdigest()

    with pytest.raises(DataError) as caught:
        load_corpus(experiment(f"kind: text, url: '{url}', sha256: '{digest}'").dataset)

    assert str(caught.value).startswith(f"{url}: {cache / digest}:2: not UTF-8 (byte 0xff at offset 3);")


def test_a_download_that_was_damaged_is_fetched_anew(server, cache):
    """Whatever stands under its name."""
    url = server.url("/text.txt", sends(TEXT))
    verified(url, SHA256)
    (cache / SHA256).write_bytes(TEXT[:-1])

    assert verified(url, SHA256).read_bytes() == TEXT
    assert len(server.asked) == 2


def test_another_file_than_was_meant_is_refused(server, cache):
    """Nothing of it is kept, and the line shows both digests."""
    url = server.url("/text.txt", sends(b"other"))

    assert refusal(url) == (
        f"dataset.sha256: the file at {url} has another digest (expected {SHA256}, received {OTHER});"
        " check the address, or write the new digest if the file was changed on purpose"
    )
    assert os.listdir(cache) == []


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (sends(b"gone", status=404), "HTTP status 404, Not Found); check the address, or try again later"),
        (sends(b"", status=599), "HTTP status 599, unknown); check the address, or try again later"),
        (sends(b"", status=304), "HTTP status 304, Not Modified); check the address, or try again later"),
        (
            sends(TEXT, length=len(TEXT) + 1),
            "the connection ended after 150,000 of 150,001 bytes); try again",
        ),
        (
            sends(b"ff\r\nabc", length=None, **{"Transfer-Encoding": "chunked"}),
            "the connection ended too early); try again",
        ),
        (
            lambda request: request.wfile.write(b"SSH-2.0-OpenSSH\r\n"),
            "SSH-2.0-OpenSSH); check the address and the network, or get the file another way"
            " and name it in dataset.path",
        ),
    ],
)
def test_a_server_that_does_not_give_the_file_is_quoted(server, cache, answer, why):
    """In one line, with the address and what to do."""
    url = server.url("/text.txt", answer)

    assert refusal(url) == f"dataset.url: cannot download {url} ({why}"
    assert os.listdir(cache) == []


@pytest.mark.parametrize("length", [-1, None, 10, 10**12])
def test_a_file_that_is_too_large_is_not_read_to_its_end(server, cache, length):
    """Whether the server says how large it is, says nothing, or says what is not so."""
    url = server.url("/text.txt", sends(TEXT, length=length))

    message = refusal(url, most_bytes=len(TEXT) - 1)

    if length == 10:
        assert message.startswith("dataset.sha256: ")  # only so much of it is read
    else:
        assert message == (
            f"dataset.url: cannot download {url} (expected at most 149,999 bytes, and it has more);"
            " name a smaller file, or a part of it"
        )
    assert os.listdir(cache) == []


def test_a_size_that_is_announced_is_refused_before_it_comes(server):
    """Nothing has to be read to know it."""
    url = server.url("/text.txt", sends(b"", length=10**12))

    assert "(expected at most 2,147,483,648 bytes, and it has more)" in refusal(url)


def test_a_file_as_large_as_it_may_be_is_read(server):
    """The bound is allowed."""
    url = server.url("/text.txt", sends(TEXT, length=None))

    assert verified(url, SHA256, most_bytes=len(TEXT)).read_bytes() == TEXT


@pytest.mark.parametrize("body", [b"", b"if you want"])
def test_a_server_that_falls_silent_is_not_waited_for(server, cache, body):
    """Before its first byte or in the middle."""
    released = threading.Event()
    url = server.url("/text.txt", stalls(released, body))

    message = refusal(url, timeout=0.2)
    released.set()

    assert message == f"dataset.url: cannot download {url} (no answer within 0.2 seconds); try again later"
    assert os.listdir(cache) == []


def test_a_server_that_does_not_answer_at_all_is_not_waited_for(server):
    """It has taken the connection, and sends no headers."""
    released = threading.Event()
    url = server.url("/text.txt", lambda request: released.wait(20))

    assert "(no answer within 0.2 seconds)" in refusal(url, timeout=0.2)
    released.set()


def test_a_server_that_is_not_there_is_said():
    """The port was free a moment ago."""
    gone = Server()
    gone.server_close()
    url = gone.url("/text.txt")

    assert refusal(url) == (
        f"dataset.url: cannot download {url} (Connection refused); check the address and the network,"
        " or get the file another way and name it in dataset.path"
    )


@pytest.mark.parametrize("host", [f"{'a' * 64}.org", "a..b"])
def test_a_host_that_cannot_be_is_said(host):
    """These names are refused before anyone is asked for them."""
    assert f"(the host {host} cannot be found); check the address and the network" in refusal(
        f"https://{host}/a"
    )


def test_a_redirect_on_the_same_machine_is_followed(server, cache):
    """Relative or not; and what comes with it is not read, since it need not come to an end."""
    released = threading.Event()

    def endless(request):
        sends(b"moved", length=None, status=302, Location="/text.txt")(request)
        released.wait(20)

    server.url("/text.txt", sends(TEXT))
    server.url("/new", redirects("/text.txt"))

    assert verified(server.url("/old", redirects(server.url("/new"), status=301)), SHA256).is_file()
    assert len(server.asked) == 3
    shutil.rmtree(cache)
    assert verified(server.url("/endless", endless), SHA256, timeout=0.5).read_bytes() == TEXT
    released.set()


@pytest.mark.parametrize(
    "target",
    [
        "http://example.org/text.txt",
        "https://example.org/text.txt",
        "http://user:secret@localhost/text.txt",
        "file:///etc/passwd",
        "file://localhost/etc/passwd",
        "ftp://localhost/text.txt",
        "/circle",
        "http://[::1",
        "http://localhost:99999/",
    ],
)
def test_a_redirect_to_elsewhere_is_refused(server, cache, target):
    """What was asked of this machine stays on it."""
    url = server.url("/circle", redirects(target))

    message = refusal(url)

    assert message == (
        f"dataset.url: cannot download {url} (it redirects to {target}; a redirect is followed only"
        " from https to https, or from this machine to itself, and not in a circle); check the address"
    )
    assert os.listdir(cache) == []


def test_this_machine_is_not_asked_through_a_proxy(server, monkeypatch):
    """A proxy for http would take the request elsewhere."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")

    assert verified(server.url("/text.txt", sends(TEXT)), SHA256).is_file()


def test_two_processes_may_download_at_once(server, cache):
    """Each writes a file of its own, and the last to end replaces the other's."""
    both = threading.Barrier(2)

    def together(request):
        both.wait(20)
        sends(TEXT)(request)

    url = server.url("/text.txt", together)

    with ThreadPoolExecutor() as pool:
        paths = list(pool.map(lambda _: verified(url, SHA256), range(2)))

    assert paths == [cache / SHA256] * 2
    assert paths[0].read_bytes() == TEXT
    assert os.listdir(cache) == [SHA256]


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_an_interruption_leaves_nothing(server, cache, stop):
    """Ctrl-C and SIGTERM, as they come up out of whatever is being done."""

    def report(task: str, share: float) -> None:
        raise stop

    with pytest.raises(stop):
        verified(server.url("/text.txt", sends(TEXT)), SHA256, report=report)

    assert os.listdir(cache) == []


def test_what_a_killed_process_left_is_removed(server, cache):
    """Once nobody can be writing it any more; a download that is still going on is left alone."""
    cache.mkdir()
    for name, age in ((".a-1.partial", source.ABANDONED_SECONDS + 60), (".b-2.partial", 60)):
        (cache / name).write_bytes(b"half")
        os.utime(cache / name, times=(time.time() - age,) * 2)

    verified(server.url("/text.txt", sends(TEXT)), SHA256)

    assert sorted(os.listdir(cache)) == [".b-2.partial", SHA256]


@pytest.mark.parametrize(("length", "is_known"), [(-1, True), (None, False)])
def test_progress_is_reported(server, length, is_known):
    """As a share where the server says how much there is, and else as what has come."""
    seen: list[tuple[str, float]] = []
    url = server.url("/a/text.txt?b=c", sends(TEXT, length=length))

    verified(url, SHA256, report=lambda task, share: seen.append((task, share)))

    assert seen
    if is_known:
        assert {task for task, _ in seen} == {"downloading text.txt"}
        assert [share for _, share in seen] == sorted(share for _, share in seen)
        assert seen[-1][1] == 1
    else:
        assert seen[-1][0] == f"downloading text.txt, {len(TEXT) / 1e6:.1f} MB"
        assert all(math.isnan(share) for _, share in seen)


def test_a_cache_that_cannot_be_written_is_named(server, cache):
    """With the variable that names another one; a file stands where the folder should be."""
    cache.write_bytes(b"")

    assert refusal(server.url("/text.txt", sends(TEXT))) == (
        f"dataset.url: the cache {cache} cannot be written (File exists);"
        " free some space, or name another folder in RNNLAB_CACHE"
    )


@needs("a user other than root")
def test_a_cache_that_is_read_only_is_named_and_can_be_read(server, cache):
    """Somebody else may have filled it."""
    url = server.url("/text.txt", sends(TEXT))
    verified(url, SHA256)
    cache.chmod(0o500)
    try:
        assert verified(url, SHA256).read_bytes() == TEXT
        assert "cannot be written (Permission denied)" in refusal(url, OTHER)
    finally:
        cache.chmod(0o700)


def test_a_full_disk_is_said(server, cache, monkeypatch):
    """And nothing half written is left on it."""

    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)

    assert "cannot be written (No space left on device); free some space" in refusal(
        server.url("/text.txt", sends(TEXT))
    )
    assert os.listdir(cache) == []


@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({"RNNLAB_CACHE": "/own", "XDG_CACHE_HOME": "/shared"}, "/own"),
        ({"RNNLAB_CACHE": "", "XDG_CACHE_HOME": "/shared"}, "/shared/rnnlab"),
        ({"XDG_CACHE_HOME": "not/absolute", "HOME": "/home/me"}, "/home/me/.cache/rnnlab"),
        ({"HOME": "/home/me"}, "/home/me/.cache/rnnlab"),
    ],
)
def test_the_cache_is_where_caches_are(monkeypatch, variables, folder):
    """A folder of one's own, else that of the XDG base directories, which says that it must be absolute."""
    for name in ("RNNLAB_CACHE", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert source._cache_folder() == Path(folder)


def test_a_file_of_this_machine_is_verified_where_it_lies(tmp_path, cache):
    """Nothing is copied."""
    path = tmp_path / "a b.txt"
    path.write_bytes(TEXT)

    assert verified(path.as_uri(), SHA256) == path
    assert refusal(path.as_uri(), OTHER).startswith(
        f"dataset.sha256: the file at {path.as_uri()} has another"
    )
    assert not cache.exists()


@pytest.mark.parametrize("path", ["/dev/zero", "/nowhere/text.txt", "/", "/a%00b"])
def test_what_is_no_file_is_not_opened(path):
    """A device may have no end."""
    assert refusal(f"file://{path}") == (
        f"dataset.url: file://{path} is no file that can be read; check the path"
    )
