"""The two HTTP servers of a loopback Hub: its pages and, on another port, its large files."""

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from hub_server.repos import Repo


class Request(NamedTuple):
    """What a client asked, as the routes see it and as tests may look at afterwards."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes
    user: str | None


class Reply(NamedTuple):
    """What the server answers."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = MappingProxyType({})


class RefusedError(Exception):
    """An answer that is an error; the client tells them apart by the X-Error-Code header."""

    def __init__(self, status: int, code: str = "", message: str = "") -> None:
        headers = {"X-Error-Code": code, "X-Error-Message": message}
        self.reply = Reply(status, b"{}", {name: value for name, value in headers.items() if value})
        super().__init__(message or code or status)


@dataclass
class Fault:
    """Something to go wrong with the next requests that match."""

    pattern: str
    times: int
    status: int = 0
    keep: int = 0


@dataclass
class LoopbackHub:
    """A Hub on two ports of 127.0.0.1, used as a context manager.

    Attributes:
        repos: what it holds, by "owner/name".
        requests: every request so far, in order.
        storage_saw_token: whether a client sent its Hub token to the other origin, which it must not.
        meanwhile: called before each answer, to let something happen between two requests.
    """

    xet_store: Path | None = None
    repos: dict[str, Repo] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    storage_saw_token: bool = False
    meanwhile: Callable[[Request], None] | None = None

    def __enter__(self) -> "LoopbackHub":
        from hub_server import api, storage

        self._servers = [self._serve(api.answer), self._serve(storage.answer)]
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    @property
    def url(self) -> str:
        """The address of the Hub, for `endpoint=` or HF_ENDPOINT."""
        return f"http://127.0.0.1:{self._servers[0].server_port}"

    @property
    def storage_url(self) -> str:
        """The address of the large files: another host by name, because old clients do not compare ports."""
        return f"http://localhost:{self._servers[1].server_port}"

    @staticmethod
    def token(user: str) -> str:
        """Return the token that the Hub knows `user` by."""
        return f"hf_{user}"

    def add_repo(self, name: str, files: dict[str, bytes] | None = None, **options: Any) -> Repo:
        """Create a repo whose first commit holds `files`; options are the fields of `Repo`."""
        repo = self.repos[name] = Repo(name, **options)
        repo.update(files or {}, "Initial commit")
        return repo

    def fail(self, pattern: str, status: int, times: int = 1) -> None:
        """Answer the next requests whose "METHOD /path" matches `pattern` with an error."""
        self.faults.append(Fault(pattern, times, status=status))

    def cut(self, pattern: str, keep: int, times: int = 1) -> None:
        """Drop the connection after `keep` bytes of the body of the next answers that match."""
        self.faults.append(Fault(pattern, times, keep=keep))

    def fault_for(self, request: Request) -> Fault | None:
        """Return the fault that strikes this request, and count it."""
        line = f"{request.method} {request.path}"
        fault = next((fault for fault in self.faults if fault.times and re.search(fault.pattern, line)), None)
        if fault is not None:
            fault.times -= 1
        return fault

    def _serve(self, answer: Callable[["LoopbackHub", Request], Reply]) -> ThreadingHTTPServer:
        handler = type("Handler", (_Handler,), {"hub": self, "answer": staticmethod(answer)})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return server


class _Handler(BaseHTTPRequestHandler):
    hub: LoopbackHub
    answer: Callable[[LoopbackHub, Request], Reply]
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        """Stay silent; `LoopbackHub.requests` has it all."""

    def _handle(self) -> None:
        request = self._request()
        self.hub.requests.append(request)
        if self.hub.meanwhile is not None:
            self.hub.meanwhile(request)
        fault = self.hub.fault_for(request)
        if fault is not None and fault.status:
            self._send(Reply(fault.status, b"{}"))
            return
        try:
            reply = type(self).answer(self.hub, request)
        except RefusedError as refused:
            reply = refused.reply
        self._send(self._ranged(reply), fault)

    do_GET = do_HEAD = do_POST = do_PUT = _handle  # noqa: N815

    def _request(self) -> Request:
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        token = headers.get("authorization", "").removeprefix("Bearer ")
        user = token.removeprefix("hf_") if token.startswith("hf_") else token and "?"
        query = parse_qs(parts.query, keep_blank_values=True)
        return Request(self.command, unquote(parts.path), query, headers, self._body(), user or None)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        chunks = []
        while size := int(self.rfile.readline(), 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _ranged(self, reply: Reply) -> Reply:
        """Answer with the part that a client asks for when it resumes a download."""
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if wanted is None or reply.status != 200:
            return reply
        start, total = int(wanted[1]), len(reply.body)
        span = {"Content-Range": f"bytes {start}-{total - 1}/{total}"}
        return Reply(206, reply.body[start:], {**reply.headers, **span})

    def _send(self, reply: Reply, fault: Fault | None = None) -> None:
        self.send_response(reply.status)
        for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body if fault is None else reply.body[: fault.keep])
        self.close_connection = self.close_connection or fault is not None
