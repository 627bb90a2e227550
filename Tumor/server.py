"""The production WSGI server: waitress, with bounds on what a request may take, and a calm end."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from waitress import create_server, wasyncore
from waitress.buffers import OverflowableBuffer
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.receiver import ChunkedReceiver, FixedStreamReceiver

from TumorApp.access import BIND_ADDRESS
from TumorApp.imaging.reading import MAX_BYTES

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

KEPT_BODY_BYTES = MAX_BYTES + 1024**2
"""What is kept of a request: a file of the accepted size, and room for the form around it."""
MAX_BODY_BYTES = 2 * 1024**3
"""What is read of a request before the connection is closed: anything that a person uploads by mistake."""
CHANNEL_TIMEOUT_S = 60
CONNECTION_LIMIT = 200
GRACE_S = 20.0
"""How long requests under way may take to finish once the server was told to stop."""


class CappedBuffer(OverflowableBuffer):
    """Keeps the beginning of a request's body and forgets the rest."""

    def __init__(self, overflow: int) -> None:
        super().__init__(overflow)
        self._room = KEPT_BODY_BYTES

    def append(self, s: bytes) -> None:
        """Keep of ``s`` what there is room for."""
        kept = s[: self._room]
        self._room -= len(kept)
        if kept:
            super().append(kept)


class CappedParser(HTTPRequestParser):
    """Reads an oversized request to its end without keeping it.

    Refusing it at once would break the connection while the browser is still sending, and the visitor would see that
    instead of the page that says what is wrong. The application finds a file that is too large and says so.
    """

    def parse_header(self, header_plus: bytes) -> None:
        """Read the header, then choose what the body is kept in."""
        super().parse_header(header_plus)
        if self.chunked:
            self.body_rcv = ChunkedReceiver(CappedBuffer(self.adj.inbuf_overflow))
        elif self.content_length > KEPT_BODY_BYTES:
            self.body_rcv = FixedStreamReceiver(self.content_length, CappedBuffer(self.adj.inbuf_overflow))


class CappedChannel(HTTPChannel):
    """A connection whose requests are read by ``CappedParser``."""

    parser_class = CappedParser


class Server:
    """A bound server. ``run`` serves until ``stop`` is called, from a signal handler or another thread.

    Attributes:
        address: ``(host, port)`` that it is bound to; the port is known even where 0 was asked for.
    """

    def __init__(self, application: Application, host: str, port: int, threads: int) -> None:
        """Bind.

        Raises:
            OSError: If the address cannot be bound.
        """
        self._socket = _bound(host, port)
        self.address: tuple[str, int] = self._socket.getsockname()[:2]
        self._application = application
        self._stopping = threading.Event()
        self._counting = threading.Lock()
        self._under_way = 0
        self._map: dict[int, Any] = {}
        self._waitress = create_server(
            self._counted,
            map=self._map,
            sockets=[self._socket],
            threads=threads,
            ident=None,
            connection_limit=CONNECTION_LIMIT,
            channel_timeout=CHANNEL_TIMEOUT_S,
            max_request_body_size=MAX_BODY_BYTES,
            # They must reach the rule about the first password: a forwarded request is never a local one.
            clear_untrusted_proxy_headers=False,
        )
        self._waitress.channel_class = CappedChannel

    def run(self) -> None:
        """Serve until told to stop; then take nothing new, and finish what is under way."""
        while not self._stopping.is_set():
            wasyncore.loop(timeout=0.5, map=self._map, count=1)
        # Only the listening socket: waitress' own close would also end what wakes the loop when an answer is ready.
        wasyncore.dispatcher.close(self._waitress)
        end = time.monotonic() + GRACE_S
        while self._is_busy() and time.monotonic() < end:
            wasyncore.loop(timeout=0.1, map=self._map, count=1)
        self._waitress.task_dispatcher.shutdown(timeout=1)
        wasyncore.close_all(self._map)

    def stop(self) -> None:
        """Ask ``run`` to come to its end."""
        self._stopping.set()

    def _is_busy(self) -> bool:
        """Return whether a request is being answered, or an answer is not sent to its end."""
        channels = self._waitress.active_channels.values()
        return self._under_way > 0 or any(channel.requests or channel.total_outbufs_len for channel in channels)

    def _counted(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ[BIND_ADDRESS] = self.address[0]
        with self._counting:
            self._under_way += 1
        try:
            return self._application(environ, start_response)
        finally:
            with self._counting:
                self._under_way -= 1


def _bound(host: str, port: int) -> socket.socket:
    """Return a socket bound to the first address that the host name stands for."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    bound = socket.socket(family, kind, protocol)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            # On Windows two servers could otherwise share a port, and requests would go to either.
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound
