"""An endpoint that fails on command: it stands between the code under test and a real anvil."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

SENDS = "eth_sendRawTransaction"
REFUSAL = {"jsonrpc": "2.0", "id": None, "error": {"code": -32005, "message": "the proxy refuses"}}


class FaultyProxy:
    """Fails the next requests in the order of `faults`, then behaves.

    Faults: "deaf" (closes without forwarding), "mute" (forwards, then closes), or an HTTP status, with a
    refusal in the body.
    `only`: faults strike only at requests that call this method. `seen` counts calls that arrived, by method.
    """

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.faults: list[str | int] = []
        self.only: str | None = None
        self.seen: Counter[str] = Counter()
        self.url = ""

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        methods = [call["method"] for call in json.loads(body)]
        self.seen.update(methods)
        struck = self.faults and (self.only is None or self.only in methods)
        fault = self.faults.pop(0) if struck else None
        if fault == "deaf":
            handler.close_connection = True
            return
        if isinstance(fault, int):
            self.answer(handler, fault, json.dumps(REFUSAL).encode())
            return
        answer = requests.post(
            self.upstream, data=body, headers={"Content-Type": "application/json"}, timeout=10
        )
        if fault == "mute":
            handler.close_connection = True
            return
        self.answer(handler, answer.status_code, answer.content)

    def answer(self, handler: BaseHTTPRequestHandler, status: int, content: bytes) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)


@contextmanager
def faulty_proxy(upstream: str) -> Iterator[FaultyProxy]:
    proxy = FaultyProxy(upstream)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            proxy.handle(self)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    proxy.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
