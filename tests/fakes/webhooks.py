"""Deliver webhooks as Helius does: one POST a transaction, again when it is not answered with 200, sometimes twice.

Not responsible for which webhooks there are (`tests.fakes.helius`).
"""

import http.client
import queue
import random
import threading
from types import TracebackType
from typing import Any, Final, NamedTuple, Self
from urllib.parse import urlsplit

from tests.builders.encodings import as_json, text
from tests.fakes.chain import Chain, Executed
from tests.fakes.helius import Helius

ATTEMPTS: Final = 4
BOUND_S: Final = 10.0


class Delivery(NamedTuple):
    """A body for a URL, and how it went: the status of each attempt, 0 where nobody answered."""

    url: str
    auth: str
    body: bytes
    statuses: list[int]


class Courier:
    """Delivers what a Helius account's webhooks ask for, from a thread of its own; use it as a context manager.

    Helius tries three times more, a minute apart; here it does so at once.
    `double` and `lose` are the shares of deliveries that come twice or not at all; `swap` is the share that changes
    places with the one behind it.
    """

    def __init__(
        self,
        helius: Helius,
        chain: Chain,
        *,
        seed: int = 0,
        double: float = 0.0,
        lose: float = 0.0,
        swap: float = 0.0,
    ) -> None:
        self.deliveries: list[Delivery] = []
        self._helius = helius
        self._random = random.Random(seed)
        self._shares = (double, lose, swap)
        self._held: Delivery | None = None
        self._queue: queue.Queue[Delivery | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)
        self._connections: dict[str, http.client.HTTPConnection] = {}
        chain.on_confirmed(self._notice)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.flush()
        self._queue.put(None)
        self._thread.join(BOUND_S)
        for connection in self._connections.values():
            connection.close()

    def flush(self) -> None:
        """Wait until everything is delivered or given up."""
        if self._held is not None:
            held, self._held = self._held, None
            self._queue.put(held)
        self._queue.join()

    def post(self, url: str, auth: str, body: bytes) -> None:
        """Deliver a body of one's own."""
        self._queue.put(Delivery(url, auth, body, []))

    def _notice(self, done: Executed) -> None:
        named = set(done.built.accounts)
        for webhook in list(self._helius.webhooks.values()):
            is_enhanced = str(webhook["webhookType"]).startswith("enhanced")
            if named.isdisjoint(webhook["accountAddresses"]) or (is_enhanced and done.built.is_failed):
                continue
            self._helius.spend(1)
            body = text_of([done.helius if is_enhanced else as_raw(done)])
            self._schedule(Delivery(str(webhook["webhookURL"]), str(webhook["authHeader"]), body, []))

    def _schedule(self, delivery: Delivery) -> None:
        double, lose, swap = (self._random.random() < share for share in self._shares)
        if lose:
            return
        if swap and self._held is None:
            self._held = delivery
            return
        for each in (delivery, *([delivery] if double else []), *([self._held] if self._held else [])):
            self._queue.put(each)
        self._held = None

    def _run(self) -> None:
        while (delivery := self._queue.get()) is not None:
            self.deliveries.append(delivery)
            for _ in range(ATTEMPTS):
                delivery.statuses.append(self._try(delivery))
                if delivery.statuses[-1] == http.HTTPStatus.OK:
                    break
            self._queue.task_done()
        self._queue.task_done()

    def _try(self, delivery: Delivery) -> int:
        parts = urlsplit(delivery.url)
        connection = self._connections.get(parts.netloc)
        if connection is None:
            connection = self._connections[parts.netloc] = http.client.HTTPConnection(parts.netloc, timeout=BOUND_S)
        headers = {"Authorization": delivery.auth, "Content-Type": "application/json"}
        try:
            connection.request("POST", parts.path, delivery.body, headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            return 0
        return answer.status


def as_raw(done: Executed) -> dict[str, Any]:
    """Return the entry of a raw webhook: the transaction as a node tells it."""
    return {**as_json(done.built, loaded=done.loaded), "indexWithinBlock": done.index}


def text_of(entries: list[dict[str, Any]]) -> bytes:
    """Return a webhook's body."""
    return b"[%b]" % b",".join(text(entry) for entry in entries)
