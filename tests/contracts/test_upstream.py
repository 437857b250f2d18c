"""The upstream server speaks as the public node does: methods, errors, limits, subscriptions, and faults on demand."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from engine.reading.doors import read_transaction
from engine.units import Address
from tests.builders.transactions import SOL_UNIT, TOKEN, TOKEN_2022, address, holding
from tests.fakes.chain import FINALITY_SLOTS, RECENT_SLOTS, Chain
from tests.fakes.faults import Fault, Faults
from tests.fakes.limits import UNLIMITED
from tests.fakes.trading import buy, open_pool
from tests.fakes.upstream import SOLANA, Upstream

ALICE = Address(address("alice"))
BOUND_S = 5.0


class Client:
    """Calls the upstream as any client would."""

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream
        self._http = httpx.Client(base_url=upstream.url(), timeout=BOUND_S)

    def post(self, method: str, *params: object, timeout_s: float = BOUND_S) -> httpx.Response:
        """Return the HTTP answer."""
        call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return self._http.post("/", json=call, timeout=timeout_s)

    def result(self, method: str, *params: object) -> Any:  # noqa: ANN401 - any JSON
        """Return the result."""
        return self.post(method, *params).json()["result"]

    def error(self, method: str, *params: object) -> str:
        """Return the message of the error."""
        return str(self.post(method, *params).json()["error"]["message"])

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


@contextmanager
def client(chain: Chain, faults: Faults | None = None, *, is_limited: bool = False) -> Generator[Client]:
    """Serve the chain and give a client of it."""
    with Upstream(chain, faults=faults, limits={} if is_limited else {SOLANA: UNLIMITED}) as upstream:
        each = Client(upstream)
        yield each
        each.close()


def chain_of_trades(count: int = 5) -> Chain:
    """Return a chain on which alice bought once a slot."""
    chain = Chain()
    chain.fund("alice")
    open_pool(chain, "MEME")
    for number in range(count):
        chain.advance()
        buy(chain, "alice", "MEME", 1_000 + number, SOL_UNIT // 100)
    return chain


def test_signatures_come_newest_first_between_until_and_before() -> None:
    """Provenance: Solana's documentation of getSignaturesForAddress; an unknown `until` stops nothing."""
    chain = chain_of_trades()
    every = [done.signature for done in reversed(chain.executed())]
    confirmed = {"commitment": "confirmed"}
    with client(chain) as node:

        def listed(**options: object) -> list[str]:
            rows = node.result("getSignaturesForAddress", ALICE, {**confirmed, **options})
            return [row["signature"] for row in rows]

        assert listed() == every
        assert listed(until=every[2]) == every[:2]
        assert listed(before=every[1], limit=2) == every[2:4]
        assert listed(until="5" * 88) == every
        assert listed(before="5" * 88) == []
        assert node.result("getSignaturesForAddress", ALICE) == []
        chain.advance(FINALITY_SLOTS)
        assert len(node.result("getSignaturesForAddress", ALICE)) == 5
        assert node.error("getSignaturesForAddress", ALICE, {"limit": 1001}) == "Invalid limit; max 1000"


def test_a_transaction_is_null_until_its_commitment_is_reached() -> None:
    """Provenance: Solana's documentation of getTransaction: commitment is finalized unless said otherwise."""
    chain = chain_of_trades(1)
    (done,) = chain.executed()
    with client(chain) as node:
        assert node.result("getTransaction", done.signature) is None
        found = node.post("getTransaction", done.signature, {"commitment": "confirmed", "encoding": "base64"})
        (reading,) = read_transaction(found.content, [ALICE])
        assert reading.signature == done.signature
        chain.advance(FINALITY_SLOTS)
        assert node.result("getTransaction", done.signature)["slot"] == done.slot
        assert node.result("getTransaction", "5" * 88) is None


def test_a_versioned_transaction_needs_a_client_that_knows_versions() -> None:
    """Provenance: the node's error -32015."""
    chain = chain_of_trades(0)
    done = buy(chain, "alice", "MEME", 1_000, 1_000, loaded=2)
    chain.finalize()
    with client(chain) as node:
        assert "not supported" in node.error("getTransaction", done.signature)
        assert node.result("getTransaction", done.signature, {"maxSupportedTransactionVersion": 0})["version"] == 0


def test_accounts_and_token_accounts_are_told_as_parsed_and_as_bytes() -> None:
    """Provenance: recorded answers of the public node; ../shared/data/rpc_sessions."""
    chain = chain_of_trades()
    chain.describe_mint("NEWER", is_token_2022=True)
    chain.endow("alice", "NEWER", 77)
    chain.finalize()
    with client(chain) as node:
        asked = [ALICE, address("nobody"), holding("alice", "MEME")]
        parsed = node.result("getMultipleAccounts", asked, {"encoding": "jsonParsed"})["value"]
        assert [account and account["lamports"] for account in parsed] == [chain.account(ALICE).lamports, None, 2039280]
        info = parsed[2]["data"]["parsed"]["info"]
        assert (info["owner"], info["mint"], info["tokenAmount"]["amount"]) == (ALICE, address("MEME"), "5010")
        raw = node.result("getAccountInfo", asked[2], {"encoding": "base64", "dataSlice": {"offset": 64, "length": 8}})
        assert raw["value"]["data"] == ["khMAAAAAAAA=", "base64"]
        for program, mint in ((TOKEN, "MEME"), (TOKEN_2022, "NEWER")):
            found = node.result("getTokenAccountsByOwner", ALICE, {"programId": program}, {"encoding": "jsonParsed"})
            assert [entry["pubkey"] for entry in found["value"]] == [holding("alice", mint)]
        assert node.error("getMultipleAccounts", [ALICE] * 101) == "Too many inputs provided; max 100"


def test_statuses_forget_what_is_old_unless_the_history_is_searched() -> None:
    """Provenance: Solana's documentation of getSignatureStatuses."""
    chain = chain_of_trades(1)
    (done,) = chain.executed()
    with client(chain) as node:
        statuses = [node.result("getSignatureStatuses", [done.signature, "5" * 88])["value"]]
        chain.advance(RECENT_SLOTS + 1)
        statuses.append(node.result("getSignatureStatuses", [done.signature])["value"])
        statuses.append(
            node.result("getSignatureStatuses", [done.signature], {"searchTransactionHistory": True})["value"]
        )
    assert [[each and each["confirmationStatus"] for each in told] for told in statuses] == [
        ["confirmed", None],
        [None],
        ["finalized"],
    ]


def test_the_forty_first_call_of_a_method_in_ten_seconds_is_refused_and_counted() -> None:
    """Provenance: headers of the public node, recorded 2026."""
    with client(chain_of_trades(0), is_limited=True) as node:
        answers = [node.post("getSlot") for _ in range(42)]
        assert [answer.status_code for answer in answers] == [200] * 40 + [429] * 2
        assert answers[0].headers["x-ratelimit-method-remaining"] == "39"
        assert node.post("getHealth").status_code == 200
        assert node.upstream.counts() == {"getSlot": 42, "getHealth": 1}
        assert node.upstream.count(status=429) == 2


@pytest.mark.parametrize("fault", list(Fault), ids=lambda fault: fault.name)
def test_every_fault_comes_when_planned_and_only_then(fault: Fault) -> None:
    """Provenance: our rule; a planned fault hits the next call of its method."""
    faults = Faults()
    faults.plan(fault, method="getSignaturesForAddress")
    with client(chain_of_trades(2), faults) as node:
        right = node.post("getSlot").json()
        try:
            told = node.post("getSignaturesForAddress", ALICE, {"commitment": "confirmed"}, timeout_s=0.2)
            is_wrong = told.status_code != 200 or told.headers["content-type"] != "application/json"
            found = (told.status_code, told.content)
        except httpx.TransportError:
            is_wrong, found = True, (0, b"")
        again = node.post("getSignaturesForAddress", ALICE, {"commitment": "confirmed"})
        assert is_wrong or found[1] != again.content
        assert len(again.json()["result"]) == 2
        assert node.post("getSlot").json() == right
    assert faults.counts == {fault: 1}


def test_the_same_seed_brings_the_same_faults() -> None:
    """Provenance: our rule; a failure seen once can be seen again."""
    runs = [Faults({Fault.HALF: 0.3, Fault.RESET: 0.3}, seed=5) for _ in range(2)]
    drawn = [[faults.next("any", "getSlot") for _ in range(50)] for faults in runs]
    assert drawn[0] == drawn[1]
    assert set(drawn[0]) == {None, Fault.HALF, Fault.RESET}


def test_who_subscribes_to_logs_hears_of_transactions_that_name_the_account() -> None:
    """Provenance: Solana's documentation of logsSubscribe: one address a subscription."""
    chain = chain_of_trades(1)
    with client(chain) as node, connect(node.upstream.ws_url()) as socket:
        asked = {"jsonrpc": "2.0", "id": 7, "method": "logsSubscribe", "params": [{"mentions": [ALICE]}]}
        socket.send(json.dumps(asked))
        number = json.loads(socket.recv(BOUND_S))["result"]
        chain.fund("bob")
        buy(chain, "bob", "MEME", 1_000, 1_000)
        done = buy(chain, "alice", "MEME", 1_000, 1_000)
        told = json.loads(socket.recv(BOUND_S))["params"]
        assert (told["subscription"], told["result"]["value"]["signature"]) == (number, done.signature)
        assert node.upstream.subscribed == [ALICE]
        node.upstream.drop_sockets()
        with pytest.raises(Exception, match="no close frame"):
            socket.recv(BOUND_S)
