"""The intake: signed orders come in over HTTP, and are on disk before their sender hears that they are taken.

    POST /orders           {"order": {...}, "input": "0x..", "signature": "0x.."} -> 202 {"digest": "0x.."}
    GET  /orders/0x..      {"state", "request", "note"}

It listens on loopback unless told otherwise, and speaks to anybody who can connect: what a stranger can send
is bounded in size, number and time, and is checked, signature included, before it takes any room.
"""

from __future__ import annotations

import json
import queue
import socket
import threading
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import Any, ClassVar

from eth_abi.abi import encode

from executor.chain.orders import SignedOrder, recover
from executor.chain.rpc import Endpoint, RpcError, octets
from executor.journal import Journal, JournalError
from executor.node.desk import Desk, log
from executor.node.orders import Orders

MOST_BODY = 64 * 1024  # bytes; the largest order is a third of that
MOST_NESTING = 64  # brackets; beyond Python's stack they would end the process where its limit was raised
MOST_CONNECTIONS = 32
PATIENCE = 10.0  # seconds for a question to arrive, and for the loop to take an order
LARGEST_SHARE = 8  # one signer's orders fill at most one part in so many of the room
SIGNATURE_GAS = 100_000  # what the contract gives an ERC-1271 signer
_ASK_SIGNER = bytes.fromhex("1626ba7e")  # isValidSignature(bytes32,bytes), and what it answers


@dataclass(frozen=True)
class Arrival:
    """An order that waits for the loop. refused: why it is not taken, empty if it is."""

    digest: bytes
    signed: SignedOrder
    refused: Future[str] = field(default_factory=Future)


class Intake:
    """An HTTP server in threads of its own; `receive` is the loop's side of it."""

    def __init__(
        self,
        endpoint: Endpoint,
        chain_id: int,
        orders: str,
        journal: Path,
        host: str,
        port: int,
        most_orders: int,
    ) -> None:
        """orders: the contract's address. most_orders: kept at a time.

        Raises OSError if the address cannot be listened at.
        """
        self._endpoint = endpoint
        self._chain_id = chain_id
        self._orders = orders
        self._journal = journal
        self._most_orders = most_orders
        self._arrivals: queue.Queue[Arrival] = queue.Queue(maxsize=MOST_CONNECTIONS)
        self.wake: threading.Event = threading.Event()
        intake = self

        class Handler(_Handler):
            owner = intake

        self._server = _Server((host, port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="intake", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def receive(self, desk: Desk) -> None:
        """Write what has arrived into the journal, and let its senders know. For the loop's thread."""
        while True:
            try:
                arrival = self._arrivals.get_nowait()
            except queue.Empty:
                return
            known = desk.orders.get(arrival.digest) is not None
            refused = "" if known else self._refused(desk, arrival.signed.order.requester)
            if not known and not refused:
                with desk.journal.transaction():
                    desk.orders.add(arrival.digest, arrival.signed, desk.now)
                    desk.orders.forget(self._most_orders)
                log.info("order received", digest="0x" + arrival.digest.hex())
            arrival.refused.set_result(refused)

    def _refused(self, desk: Desk, requester: str) -> str:
        """Why there is no room for another order of this signer, or nothing."""
        if desk.orders.live() >= self._most_orders:
            return "too many orders wait here"
        if desk.orders.live(requester) >= max(1, self._most_orders // LARGEST_SHARE):
            return "too many orders of this signer wait here"
        return ""

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    # In the server's threads

    def take(self, body: bytes) -> tuple[int, dict[str, Any]]:
        """The answer to an order: HTTP status and JSON."""
        if body.count(b"[") + body.count(b"{") > MOST_NESTING:
            return 400, {"error": "orders: not the JSON of an order"}
        try:
            signed = SignedOrder.from_json(json.loads(body))
        except (ValueError, RecursionError) as error:
            return 400, {"error": str(error)}
        digest = signed.order.digest(self._chain_id, self._orders)
        try:
            if not self._is_signed(signed, digest):
                return 400, {"error": "orders: wrong signature"}
            arrival = Arrival(digest, signed)
            self._arrivals.put_nowait(arrival)
            self.wake.set()
            refused = arrival.refused.result(PATIENCE)
        except RpcError:
            return 503, {"error": "the chain does not answer, try again"}
        except (queue.Full, NotInTime):
            return 503, {"error": "busy, try again"}
        return (503, {"error": refused}) if refused else (202, {"digest": _hex(digest)})

    def _is_signed(self, signed: SignedOrder, digest: bytes) -> bool:
        """By the account's key, or in the opinion of the account's contract."""
        requester = signed.order.requester
        if recover(digest, signed.signature) == requester:
            return True
        data = _ASK_SIGNER + encode(["bytes32", "bytes"], [digest, signed.signature])
        call = {"to": requester, "data": _hex(data), "gas": hex(SIGNATURE_GAS + 50_000)}
        (answer,) = self._endpoint.read_many([("eth_call", [call, "latest"])])
        return isinstance(answer, str) and octets(answer) == _ASK_SIGNER.ljust(32, b"\0")

    def look_up(self, name: str) -> tuple[int, dict[str, Any]]:
        """Where an order stands: HTTP status and JSON."""
        try:
            digest = octets(name)
            with Journal.view(self._journal) as journal:
                row = Orders(journal).get(digest)
        except ValueError:
            return 400, {"error": "an order is named by 0x and the 64 digits of its digest"}
        except JournalError:
            return 503, {"error": "no journal yet"}
        if row is None:
            return 404, {"error": "there is no such order here"}
        request = None if row.request is None else _hex(row.request)
        return 200, {"digest": _hex(digest), "state": str(row.state), "request": request, "note": row.note}


class _Server(ThreadingHTTPServer):
    """A thread a connection, and never more than MOST_CONNECTIONS."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, *arguments: Any) -> None:
        self._free = threading.BoundedSemaphore(MOST_CONNECTIONS)
        super().__init__(*arguments)

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that breaks is its sender's loss."""


class _Deadline(RawIOBase):
    """What a connection sends until a point in time: a byte now and then holds no thread for longer."""

    def __init__(self, connection: socket.socket, end: float) -> None:
        self._connection = connection
        self._end = end

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("intake: too slow")
        self._connection.settimeout(left)
        return self._connection.recv_into(buffer)


class _Handler(BaseHTTPRequestHandler):
    owner: ClassVar[Intake]
    protocol_version = "HTTP/1.0"  # one question a connection
    server_version = "elenchus"
    sys_version = ""

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        self.rfile = BufferedReader(_Deadline(self.connection, time.monotonic() + PATIENCE))

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if self.path != "/orders":
            self._answer(404, {"error": "orders are posted to /orders"})
        elif not length.isascii() or not length.isdigit() or int(length) > MOST_BODY:
            self._answer(413, {"error": f"an order has a Content-Length of at most {MOST_BODY}"})
        else:
            self._answer(*self.owner.take(self.rfile.read(int(length))))

    def do_GET(self) -> None:
        name = self.path.removeprefix("/orders/")
        if name == self.path or len(name) != 66:
            self._answer(404, {"error": "ask for /orders/0x..."})
        else:
            self._answer(*self.owner.look_up(name))

    def log_message(self, *_: Any) -> None:
        """Requests are not logged: what they ask for is."""

    def _answer(self, status: int, content: dict[str, Any]) -> None:
        self.connection.settimeout(PATIENCE)
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
