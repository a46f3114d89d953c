"""A real HTTP server on loopback whose faults are scripted, request by request."""

import hashlib
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

_PIECE = 1 << 14  # bytes written at a time


@dataclass
class Fault:
    """What one answer does instead of sending the file as asked."""

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None  # bytes of the body, then the connection ends
    resets: bool = False  # it ends with RST in place of FIN
    ignores_range: bool = False
    ignores_if_range: bool = False
    stalls_s: float = 0.0  # before the body
    hides_length: bool = False  # an HTTP/1.0 answer whose end is the end of the connection


@dataclass
class Route:
    """One path: its file, and the faults of its first answers, then `always`."""

    content: bytes
    faults: list[Fault] = field(default_factory=list)
    always: Fault = field(default_factory=Fault)
    etag: str | None = ""  # "": the digest of the content; None: no ETag
    modified: str | None = None
    token: str | None = None  # without it, 403
    piece_pause_s: float = 0.0

    def name_version(self) -> str | None:
        """Return the ETag."""
        return f'"{hashlib.md5(self.content).hexdigest()}"' if self.etag == "" else self.etag


@dataclass
class Request:
    """What was asked and how many bytes of the body were handed to the network."""

    path: str
    headers: dict[str, str]
    start: int = 0
    sent: int = 0


@dataclass
class FileServer:
    """The server as a test sees it."""

    url: str
    routes: dict[str, Route]
    requests: list[Request] = field(default_factory=list)

    def bodies(self) -> list[Request]:
        """Return the requests that were answered with bytes of a file."""
        return [request for request in self.requests if request.sent]


@contextmanager
def serve(**routes: Route) -> Iterator[FileServer]:
    """Serve each route under /<name> on a free port until the block ends."""
    with (
        pytest.MonkeyPatch.context() as environment,
        _QuietServer(("127.0.0.1", 0), _Handler) as server,
    ):
        for name in ("NO_PROXY", "no_proxy"):
            environment.setenv(name, "127.0.0.1")
        script = FileServer(
            f"http://127.0.0.1:{server.server_port}",
            {f"/{name}": route for name, route in routes.items()},
        )
        server.script = script
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield script
        finally:
            server.shutdown()
            thread.join()


class _QuietServer(ThreadingHTTPServer):
    block_on_close = False  # a stalled answer must not hold up the tests
    script: FileServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _QuietServer

    def log_message(self, *words: object) -> None:
        pass

    def do_GET(self) -> None:
        request = Request(self.path, dict(self.headers))
        self.server.script.requests.append(request)
        route = self.server.script.routes.get(self.path.partition("?")[0])
        if route is None:
            self._refuse(404)
            return
        fault = route.faults.pop(0) if route.faults else route.always
        start = self._find_start(route, fault)
        if fault.status is not None:
            self._refuse(fault.status, fault.headers)
        elif route.token is not None and self.headers["Authorization"] != f"Bearer {route.token}":
            self._refuse(403)
        elif start and start >= len(route.content):
            self._refuse(416, {"Content-Range": f"bytes */{len(route.content)}"})
        else:
            request.start = start
            self._send_file(route, fault, request)

    def _refuse(self, status: int, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send_file(self, route: Route, fault: Fault, request: Request) -> None:
        size, start = len(route.content), request.start
        self._send_head(route, fault, start)
        time.sleep(fault.stalls_s)
        end = size if fault.cut_after is None else min(size, start + fault.cut_after)
        for first in range(start, end, _PIECE):
            piece = route.content[first : min(first + _PIECE, end)]
            self.wfile.write(piece)
            request.sent += len(piece)
            time.sleep(route.piece_pause_s)
        self._end(fault)

    def _find_start(self, route: Route, fault: Fault) -> int:
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        condition = self.headers.get("If-Range")
        if asked is None or fault.ignores_range:
            return 0
        if condition in (None, route.name_version(), route.modified) or fault.ignores_if_range:
            return int(asked[1])
        return 0

    def _send_head(self, route: Route, fault: Fault, start: int) -> None:
        size = len(route.content)
        self.send_response(206 if start else 200)
        head = {"ETag": route.name_version(), "Last-Modified": route.modified}
        if start:
            head["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
        if not fault.hides_length:
            head["Content-Length"] = str(size - start)
        for name, value in (head | fault.headers).items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()

    def _end(self, fault: Fault) -> None:
        self.wfile.flush()
        self.close_connection = fault.cut_after is not None or fault.hides_length
        if fault.resets:
            lingering = b"\x01\0\0\0\0\0\0\0"  # SO_LINGER, on, 0 s: close with RST
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, lingering)
            self.connection.close()
