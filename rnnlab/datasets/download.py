"""The download of a file, with rules on the scheme, redirects, the size and the time without an answer.

The bytes are those that the server sends: nothing is unpacked. The server receives only the address, and the
name and version of rnnlab. pooch and requests unpack files, send passwords of ~/.netrc, and read the body of
a redirect to its end; so rnnlab uses neither.
"""

import http.client
import math
import socket
import ssl
from collections.abc import Iterator
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    getproxies,
)

from rnnlab import __version__
from rnnlab.config.dataset import may_redirect, name_of
from rnnlab.errors import DownloadError, count_of
from rnnlab.files import Report, unreported

_BLOCK = 1 << 16
_REDIRECTS = range(300, 400)
_CHECK = "check the address"
_ELSEWHERE = "check the address and the network, or get the file another way and name it in dataset.path"


def download(url: str, *, most_bytes: int, timeout: float, report: Report = unreported) -> Iterator[bytes]:
    """Yield the bytes at an address, a block at a time.

    Args:
        url: https, or http to this machine, as `rnnlab.config.dataset` allows.
        most_bytes: largest size of the file.
        timeout: longest time without an answer, before the first block and between two blocks, in seconds.
        report: receives the fraction that is downloaded, or the number of megabytes if the size is not known.

    Raises:
        DownloadError: the file is too large, or cannot be downloaded; the message gives the cause.
    """
    with _opened(url, timeout) as response:
        expected, done = response.length, 0
        if expected is not None and expected > most_bytes:
            raise _too_large(url, most_bytes)
        while block := _next_block(response, url, timeout):
            done += len(block)
            if done > most_bytes:
                raise _too_large(url, most_bytes)
            yield block
            _report(report, name_of(url), done, expected)
        if expected is not None and done < expected:
            raise _failure(
                url, f"the connection ended after {done:,} of {count_of(expected, 'byte')}", "try again"
            )


class _CheckedRedirects(HTTPRedirectHandler):
    """Follows a redirect that `may_redirect` allows; any other redirect is the answer of the server."""

    def http_error_302(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: http.client.HTTPMessage
    ) -> Any:
        """Return the answer at the new address; None if the redirect is not valid or not allowed.

        Raises:
            HTTPError: the new address has another scheme, or the redirects are too many or lead in a circle.
        """
        try:
            return super().http_error_302(req, fp, code, msg, headers)
        except ValueError:
            return None

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: http.client.HTTPMessage, newurl: str
    ) -> Request | None:
        """Return the request to the new address; None if the redirect is not followed."""
        if not may_redirect(req.full_url, newurl):
            return None
        fp.close()  # otherwise urllib reads the body to its end, which may never come
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opened(url: str, timeout: float) -> http.client.HTTPResponse:
    """Return the answer of the server; its content is not read yet."""
    opener = OpenerDirector()
    opener.addheaders = [("User-Agent", f"rnnlab/{__version__}")]
    proxies = {scheme: proxy for scheme, proxy in getproxies().items() if scheme == "https"}
    for handler in (
        ProxyHandler(proxies),  # no proxy for http: requests to this machine stay on it
        HTTPHandler(),
        HTTPSHandler(context=ssl.create_default_context()),
        HTTPDefaultErrorHandler(),
        _CheckedRedirects(),
        HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    try:
        response: http.client.HTTPResponse = opener.open(url, timeout=timeout)
    except HTTPError as error:
        error.close()
        raise _refusal(url, error) from None
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        raise _broken(url, error, timeout) from None
    return response


def _next_block(response: http.client.HTTPResponse, url: str, timeout: float) -> bytes:
    """Return the bytes that have arrived; empty at the end."""
    try:
        return response.read1(_BLOCK)
    except (OSError, http.client.HTTPException) as error:
        raise _broken(url, error, timeout) from None


def _report(report: Report, name: str, done: int, expected: int | None) -> None:
    if expected:
        report(f"downloading {name}", done / expected)
    else:
        report(f"downloading {name}, {done / 1e6:.1f} MB", math.nan)


def _refusal(url: str, error: HTTPError) -> DownloadError:
    """Return the DownloadError for an HTTP status other than success: a refused redirect, or an error."""
    target = error.headers.get("Location") if error.headers else None
    if error.code in _REDIRECTS and target:
        why = f"it redirects to {target}; a redirect is followed only from https to https, or from this"
        return _failure(url, f"{why} machine to itself, and not in a circle", _CHECK)
    meaning = http.client.responses.get(error.code, "unknown")
    return _failure(url, f"HTTP status {error.code}, {meaning}", f"{_CHECK}, or try again later")


def _broken(url: str, error: Exception, timeout: float) -> DownloadError:
    """Return the DownloadError for a network error: timeout, certificate, unknown host, broken connection."""
    cause: Any = error.reason if isinstance(error, URLError) else error
    if isinstance(cause, TimeoutError):
        return _failure(url, f"no answer within {timeout:g} seconds", "try again later")
    if isinstance(cause, ssl.SSLCertVerificationError):
        why = f"the server's certificate is not trusted: {cause.verify_message}"
        return _failure(
            url, why, "check the address, this machine's clock and its certificates (SSL_CERT_FILE)"
        )
    if isinstance(cause, socket.gaierror | UnicodeError):
        return _failure(url, f"the host {urlsplit(url).hostname} cannot be found", _ELSEWHERE)
    if isinstance(cause, http.client.IncompleteRead):
        return _failure(url, "the connection ended too early", "try again")
    why = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
    return _failure(url, " ".join(why.split()), _ELSEWHERE)


def _too_large(url: str, most_bytes: int) -> DownloadError:
    return _failure(
        url, f"expected at most {most_bytes:,} bytes, and it has more", "name a smaller file, or a part of it"
    )


def _failure(url: str, why: str, remedy: str) -> DownloadError:
    return DownloadError(f"dataset.url: cannot download {url} ({why}); {remedy}")
