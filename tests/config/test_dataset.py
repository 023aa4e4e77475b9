"""The addresses that data may come from."""

from pathlib import Path

import pytest

from rnnlab.config.dataset import address_problem, may_redirect, name_of
from rnnlab.config.reading import parse_experiment
from rnnlab.errors import ConfigError

DIGEST = "ab" * 32


def refusal(dataset: str) -> str:
    """The line that refuses a dataset."""
    page = f"dataset: {{kind: text, {dataset}}}\nmodel: {{kind: lstm, units: 4}}\n"
    with pytest.raises(ConfigError) as caught:
        parse_experiment(page, name="song.yaml", folder=Path("/corpora"))
    return str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/a.txt",
        "HTTPS://EXAMPLE.ORG:8443/a%20b.txt?raw=1&b=[2]#c",
        "http://localhost/a",
        "http://127.0.0.1:8000/a",
        "http://[::1]:8000/a",
        "https://[2001:db8::1]/a",
        "file:///corpora/a.txt",
        "file://localhost/corpora/a.txt",
    ],
)
def test_an_address_may_be(url):
    """https; http of this machine; a file of this machine."""
    assert address_problem(url) == ""


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("a.txt", "expected an address that begins with https:// and a host, or with file:///"),
        ("ftp://example.org/a", "expected an address that begins with https:// and a host, or with file:///"),
        ("data:,abc", "expected an address that begins with https:// and a host, or with file:///"),
        ("https:///a", "expected an address that begins with https:// and a host, or with file:///"),
        ("http://example.org/a", "expected https (http is allowed only for 127.0.0.1, localhost and [::1])"),
        ("http://localhost.evil.org/a", "expected https (http is allowed only for 127.0.0.1,"
                                        " localhost and [::1])"),
        ("http://127.0.0.1.evil.org", "expected https (http is allowed only for 127.0.0.1,"
                                      " localhost and [::1])"),
        ("https://me:secret@example.org/a", "expected an address without a name or a password,"
         " because every run would show them"),
        ("http://localhost@evil.org/a", "expected an address without a name or a password,"
         " because every run would show them"),
        ("https://[::1", "expected an address with a valid host and port"),
        ("https://example.org:65536/a", "expected an address with a valid host and port"),
        ("file:a.txt", "expected file:// and an absolute path, as in file:///path/to/file"),
        ("file://server/a.txt", "expected file:// and an absolute path, as in file:///path/to/file"),
        ("https://example.org/a b", "expected an address, with %XX for spaces and for characters"
                                    " outside ASCII"),
        ("https://example.org/é", "expected an address, with %XX for spaces and for characters"
                                  " outside ASCII"),
        ("https://a.org/a\r\nHost: b", "expected an address, with %XX for spaces and for characters"
                                       " outside ASCII"),
        ("https://evil.org\\@example.org/", "expected an address, with %XX for spaces and for"
                                            " characters outside ASCII"),
        ("", "expected an address, with %XX for spaces and for characters outside ASCII"),
        ("https://example.org/" + "a" * 2000, "expected an address of at most 2,000 characters"),
    ],
)  # fmt: skip
def test_an_address_may_not_be(url, problem):
    """What would send something in the clear, elsewhere than it looks, or nowhere."""
    assert address_problem(url) == problem


def test_an_address_is_refused_with_its_place():
    """Before anything is downloaded, and shortened."""
    assert refusal(f"url: 'http://example.org/{'a' * 80}', sha256: {DIGEST}") == (
        "song.yaml:1:28: dataset.url: expected https (http is allowed only for 127.0.0.1, localhost"
        " and [::1]),"
        f" received 'http://example.org/{'a' * 37}…"
    )
    assert refusal(f"url: 3, sha256: {DIGEST}") == ("song.yaml:1:28: dataset.url: expected text, received 3")


@pytest.mark.parametrize(
    ("value", "received"),
    [("abc", "'abc'"), ("1" * 64, "1" * 57 + "…"), ("[]", "[]"), ("g" + "0" * 63, None)],
)
def test_a_digest_has_64_hexadecimal_digits(value, received):
    """One that YAML takes for a number has to be quoted."""
    line = refusal(f"url: 'https://example.org/a', sha256: {value}")

    assert line.startswith(
        "song.yaml:1:61: dataset.sha256: expected 64 hexadecimal digits in quotes, received "
    )
    assert "\n" not in line
    if received:
        assert line.endswith(f"received {received}")


@pytest.mark.parametrize(
    ("url", "target", "may"),
    [
        ("https://a.org/x", "https://b.org/y", True),
        ("https://a.org/x", "http://localhost/y", False),
        ("https://a.org/x", "http://b.org/y", False),
        ("https://a.org/x", "file:///y", False),
        ("https://a.org/x", "https://me@b.org/y", False),
        ("http://localhost/x", "http://127.0.0.1:1/y", True),
        ("http://localhost/x", "https://localhost/y", True),
        ("http://localhost/x", "https://b.org/y", False),
        ("http://localhost/x", "file://localhost/y", False),
    ],
)
def test_a_redirect_may_lead_to_https_or_stay_on_this_machine(url, target, may):
    """A server elsewhere does not make rnnlab ask this machine, nor the other way around."""
    assert may_redirect(url, target) is may


@pytest.mark.parametrize(
    ("url", "name"),
    [("https://a.org/b/c.txt?d=e/f", "c.txt"), ("https://a.org/b/", "b"), ("https://a.org", "a.org")],
)
def test_an_address_has_a_name(url, name):
    """As short as a file's."""
    assert name_of(url) == name
