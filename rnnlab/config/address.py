"""The addresses that data may be downloaded from.

That is `https:`, and `file:` for a file of this machine. `http:` is for a server on this very machine alone,
such as tests start: what comes from there passes no wire on which anyone could read it or change it.
"""

import re
from pathlib import PurePosixPath
from urllib.parse import SplitResult, urlsplit

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
MOST_CHARACTERS = 2000

_URL = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
"""The characters of RFC 3986, section 2."""


def problem_of(url: str) -> str:
    """What was expected of an address in place of this one; empty where nothing is wrong with it."""
    if len(url) > MOST_CHARACTERS:
        return f"expected an address of at most {MOST_CHARACTERS:,} characters"
    if not _URL.fullmatch(url):
        return "expected an address, with %XX for spaces and what is not ASCII"
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises where it is no port
    except ValueError:
        return "expected an address with a host and a port that can be"
    return _problem_of_parts(parts)


def may_redirect(url: str, target: str) -> bool:
    """Whether a server may send whoever asks it on to a target: to https, or from this machine to itself."""
    if problem_of(target):
        return False
    begin, end = urlsplit(url), urlsplit(target)
    return end.scheme == "https" if begin.scheme == "https" else _is_loopback(end)


def name_of(url: str) -> str:
    """The last part of an address that has a name."""
    parts = urlsplit(url)
    return PurePosixPath(parts.path).name or parts.netloc


def _is_loopback(parts: SplitResult) -> bool:
    return parts.scheme in ("http", "https") and parts.hostname in LOOPBACK


def _problem_of_parts(parts: SplitResult) -> str:
    if parts.scheme == "file":
        is_here = parts.netloc in ("", "localhost") and parts.path.startswith("/")
        return "" if is_here else "expected file:///path/to/it, with the whole path"
    if parts.scheme not in ("https", "http") or not parts.hostname:
        return "expected an address that begins with https:// and a host, or with file:///"
    if parts.username is not None or parts.password is not None:
        return "expected an address without a name or a password, which every run would show"
    if parts.scheme == "http" and not _is_loopback(parts):
        return "expected https (http is for 127.0.0.1, localhost and [::1] alone)"
    return ""
