"""A real server on this machine, for tests of what is downloaded."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[[BaseHTTPRequestHandler], None]


class Server(ThreadingHTTPServer):
    """Gives each path the answer that a test has put there, and counts what it was asked for.

    Attributes:
        answers: what is done with a request, by its path.
        asked: the path of every request so far.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []

    def url(self, path: str, answer: Answer | None = None, *, scheme: str = "http") -> str:
        """The address of a path, with the answer that it will get."""
        if answer:
            self.answers[path] = answer
        return f"{scheme}://localhost:{self.server_port}{path}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.server.answers[self.path](self)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Nobody reads it."""


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """The server, which serves until the body ends."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def sends(body: bytes, *, length: int | None = -1, status: int = 200, **headers: str) -> Answer:
    """An answer with a body; `length` is the Content-Length, -1 for the true one and None for none."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        if length is not None:
            request.send_header("Content-Length", str(len(body) if length < 0 else length))
        request.end_headers()
        request.wfile.write(body)

    return answer


def redirects(target: str, *, status: int = 302) -> Answer:
    """An answer that sends whoever asks to another address."""
    return sends(b"", status=status, Location=target)


def stalls(released: threading.Event, body: bytes = b"", *, length: int = 1000) -> Answer:
    """An answer that begins, and then waits for an event."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        sends(body, length=length)(request)
        request.wfile.flush()
        released.wait(20)

    return answer
