"""What a Solana node is asked, over real sockets, and what its answers become."""

import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import anyio
import httpx
import pytest

from data.clock import SystemClock
from data.errors import ProviderError
from data.providers import Api, Http, Pace, ProviderConfig
from data.providers.chain import AccountState, Chain, LogHint, SignatureInfo, Status, TokenAccount, TokenAmount
from data.providers.solana_rpc import PROVIDER, SolanaRpc, connect
from engine.reading import read_transaction
from engine.units import Address, Mint
from tests.builders.transactions import SOL_UNIT, address, holding
from tests.data.providers._asking import asking
from tests.data.providers._standing import asking_node, chain_of, standing, until
from tests.fakes.chain import Executed
from tests.fakes.faults import Fault, Faults
from tests.fakes.limits import Limits, Rule
from tests.fakes.trading import buy, fail_to_buy
from tests.fakes.upstream import SOLANA, Upstream

ALICE, BOB = Address(address("alice")), Address(address("bob"))
MEME = Mint(address("MEME"))


def test_accounts_are_asked_a_hundred_at_a_time_and_each_once() -> None:
    """Provider: getMultipleAccounts takes up to 100; a stranger has no account."""
    chain = chain_of("alice")
    strangers = [Address(address(f"stranger {number}")) for number in range(173)]

    async def work(node: Chain) -> tuple[int, dict[Address, AccountState | None]]:
        return await node.accounts([ALICE, *strangers, ALICE, Address(holding("alice", "MEME"))])

    with standing(chain) as upstream:
        slot, states = asking_node(upstream, work)
        assert upstream.counts() == {"getMultipleAccounts": 2}
    assert slot == chain.slot
    assert (len(states), sum(state is not None for state in states.values())) == (175, 2)
    alice, tokens = states[ALICE], states[Address(holding("alice", "MEME"))]
    assert alice is not None
    assert (alice.lamports, alice.token) == (chain.account(ALICE).lamports, None)
    assert tokens is not None
    assert tokens.token == TokenAmount(MEME, ALICE, 5_000_000)


def test_signatures_come_newest_first_between_two_others() -> None:
    """Provider: `before` and `until` are left out themselves; commitment is confirmed."""
    chain = chain_of("alice")
    done: list[Executed] = []
    for _ in range(4):
        chain.advance()
        done.append(buy(chain, "alice", "MEME", 1_000, SOL_UNIT // 100))
    chain.advance(30)
    failed = fail_to_buy(chain, "alice", "MEME", 1_000, SOL_UNIT // 100)

    async def work(node: Chain) -> tuple[list[SignatureInfo], list[SignatureInfo]]:
        every = await node.signatures(ALICE)
        return every, await node.signatures(ALICE, until=done[0].signature, before=done[3].signature, limit=1)

    with standing(chain) as upstream:
        every, between = asking_node(upstream, work)
    assert [info.signature for info in every[:2]] == [failed.signature, done[3].signature]
    assert [info.signature for info in between] == [done[2].signature]
    assert (every[0].has_failed, every[0].is_finalized, every[-1].is_finalized) == (True, False, True)
    assert every[0].block_time == chain.time_of(chain.slot)


@pytest.mark.parametrize("fault", [Fault.DUPLICATED, Fault.OUT_OF_ORDER], ids=lambda fault: fault.name)
def test_lists_told_twice_or_the_other_way_round_become_what_they_should_be(fault: Fault) -> None:
    """Our rule: each signature once, newest slot first."""
    chain, faults = chain_of("alice"), Faults()
    for _ in range(3):
        chain.advance()
        buy(chain, "alice", "MEME", 1_000, SOL_UNIT // 100)

    async def work(node: Chain) -> tuple[list[SignatureInfo], list[SignatureInfo]]:
        right = await node.signatures(ALICE)
        faults.plan(fault)
        return right, await node.signatures(ALICE)

    with standing(chain, faults=faults) as upstream:
        right, told = asking_node(upstream, work)
    assert told == right


def test_a_transaction_is_the_text_that_the_reader_takes_and_nothing_before_it_is_there() -> None:
    """Provider: `null` while a transaction is unknown."""
    chain = chain_of("alice")
    signature = chain.executed()[-1].signature
    unknown = buy(chain_of("alice", "bob"), "bob", "MEME", 1, 1).signature

    async def work(node: Chain) -> tuple[bytes | None, bytes | None]:
        return await node.transaction(signature), await node.transaction(unknown)

    with standing(chain) as upstream:
        text, nothing = asking_node(upstream, work)
    assert nothing is None
    assert text is not None
    (reading,) = read_transaction(text, [ALICE])
    assert reading.signature == signature


def test_several_transactions_come_in_one_request_each_in_its_place() -> None:
    """JSON-RPC 2.0: a batch; our rule: only where the user says that the node takes it."""
    chain = chain_of("alice")
    sent = [buy(chain, "alice", "MEME", 1_000 + number, SOL_UNIT // 100) for number in range(5)]
    unknown = buy(chain_of("alice", "bob"), "bob", "MEME", 1, 1).signature
    asked = [sent[0].signature, unknown, *(done.signature for done in sent[1:])]

    async def work(node: Chain) -> tuple[int, list[bytes | ProviderError | None]]:
        return node.transactions_a_call, await node.transactions(asked)

    with standing(chain) as upstream:
        most, texts = asking_node(upstream, work, batch=4)
        assert upstream.counts() == {"batch": 2}
    assert most == 4
    assert texts[1] is None
    found = [read_transaction(text, [ALICE])[0].signature for text in texts if isinstance(text, bytes)]
    assert found == [done.signature for done in sent]


def test_what_a_node_leaves_out_or_refuses_fails_alone() -> None:
    """Our rule: one bad answer of several is tried again alone."""
    chain = chain_of("alice", "bob")
    first, second = chain.executed()[-2:]

    async def work(api: Api) -> list[bytes | ProviderError | None]:
        return await connect(api).transactions([first.signature, second.signature, first.signature])

    good = b'{"jsonrpc":"2.0","id":1,"result":' + second.json + b"}"
    bad = b'{"jsonrpc":"2.0","id":2,"error":{"code":-32005,"message":"busy"}}'
    answer = httpx.Response(200, content=b"[" + bad + b"," + good + b"]")
    (left_out, told, refused), _ = asking(work, answer, spec=PROVIDER, config=ProviderConfig(attempts=1, batch=3))
    assert isinstance(told, bytes)
    assert "leaves one call out" in str(left_out)
    assert isinstance(refused, ProviderError)
    assert refused.retryable


def test_an_answer_about_another_transaction_is_refused() -> None:
    """Our rule: strict about meaning; a cache in between could mix answers up."""
    chain = chain_of("alice", "bob")
    first, second = chain.executed()[-2:]

    async def work(api: Api) -> str:
        with pytest.raises(ProviderError, match="not what is documented") as caught:
            await connect(api).transaction(first.signature)
        return str(caught.value)

    answer = httpx.Response(200, content=b'{"jsonrpc":"2.0","id":1,"result":' + second.json + b"}")
    message, _ = asking(work, answer, spec=PROVIDER, config=ProviderConfig(attempts=1))
    assert second.signature not in message


def test_statuses_come_in_the_order_they_were_asked_for() -> None:
    """Provider: 256 a call; null for one that the node does not know."""
    chain = chain_of("alice")
    final = chain.executed()[-1]
    chain.finalize()
    fresh = fail_to_buy(chain, "alice", "MEME", 1_000, SOL_UNIT // 100)
    signatures = [final.signature, "1" * 64, fresh.signature] + ["1" * 64] * 300

    async def work(node: Chain) -> tuple[int, list[Status | None], int]:
        slot, found = await node.statuses(signatures, search_history=True)
        return slot, found, await node.finalized_slot()

    with standing(chain) as upstream:
        slot, found, finalized = asking_node(upstream, work)
        assert upstream.count("getSignatureStatuses") == 2
    assert (slot, finalized, len(found)) == (chain.slot, chain.finalized_slot, 303)
    expected = [Status(final.slot, True, False), None, Status(fresh.slot, False, True)]  # noqa: FBT003 - a tuple's
    assert found[:3] == expected


def test_token_accounts_of_both_programs_are_listed() -> None:
    """Provider: getTokenAccountsByOwner takes one program at a time."""
    chain = chain_of("alice")
    chain.describe_mint("NEW", decimals=9, is_token_2022=True)
    chain.endow("alice", "NEW", 70)

    async def work(node: Chain) -> tuple[int, list[TokenAccount]]:
        return await node.token_accounts(ALICE)

    with standing(chain) as upstream:
        slot, accounts = asking_node(upstream, work)
        assert upstream.count("getTokenAccountsByOwner") == 2
    assert slot == chain.slot
    assert {(account.mint, account.amount_raw, account.decimals, account.is_frozen) for account in accounts} == {
        (MEME, 5_000_000, 6, False),
        (address("NEW"), 70, 9, False),
    }


@pytest.mark.parametrize(
    ("code", "is_final", "is_limit"),
    [(429, False, True), (-32005, False, True), (-32429, False, True), (-32603, False, False), (-32016, False, False),
     (-32602, True, False), (-32015, True, False)],
)  # fmt: skip
def test_errors_inside_a_success_are_told_apart(code: int, is_final: bool, is_limit: bool) -> None:  # noqa: FBT001
    """Provider: the public node answers 429 inside HTTP 200 (recorded 2026-10); the other codes are JSON-RPC's."""
    body = {"jsonrpc": "2.0", "error": {"code": code, "message": "says a stranger"}, "id": 1}

    async def work(api: Api) -> tuple[ProviderError, int]:
        with pytest.raises(ProviderError) as caught:
            await connect(api).finalized_slot()
        return caught.value, api.health.refusals

    (error, refusals), server = asking(
        work, httpx.Response(200, json=body), spec=PROVIDER, config=ProviderConfig(attempts=2)
    )
    assert (error.retryable, error.status_code, refusals > 0) == (not is_final, 429 if is_limit else None, is_limit)
    assert len(server.requests) == (1 if is_final else 2)
    assert "stranger" not in str(error)


def test_numbers_may_come_as_texts() -> None:
    """Spec: tolerant of mixed numbers and texts."""
    body = {"result": {"context": {"slot": "7"}, "value": [{"lamports": "5", "owner": ALICE, "data": ["", "base64"]}]}}

    async def work(api: Api) -> object:
        return await connect(api).accounts([BOB])

    found, _ = asking(work, httpx.Response(200, json=body), spec=PROVIDER)
    assert found == (7, {BOB: AccountState(BOB, 5, ALICE, None)})


@pytest.mark.parametrize("amount", [-1, 2**64, "1.5", "many", None])
def test_an_amount_that_cannot_be_is_an_error_and_no_value(amount: object) -> None:
    """Spec: strict about meaning."""
    info = {"mint": MEME, "owner": ALICE, "tokenAmount": {"amount": amount, "decimals": 6}, "state": "initialized"}
    account = {
        "lamports": 5,
        "owner": "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA",
        "data": {"program": "spl-token", "parsed": {"type": "account", "info": info}},
    }
    body = {"result": {"context": {"slot": 7}, "value": [account]}}

    async def work(api: Api) -> None:
        with pytest.raises(ProviderError, match="not what is documented"):
            await connect(api).accounts([BOB])

    asking(work, httpx.Response(200, json=body), spec=PROVIDER, config=ProviderConfig(attempts=1))


def test_a_node_that_enforces_its_limits_never_has_to() -> None:
    """Spec: 0 answers of 429; 20 calls of a method and 40 of all in half a second, over real sockets."""
    pace, chain = Pace(20, 0.5), chain_of("alice")

    async def scene(url: str) -> int:
        config = ProviderConfig(base_url=url, paces=PROVIDER.paces.scaled(pace))
        async with Http(SystemClock()) as http:
            api = http.api(PROVIDER, config)
            node = connect(api)
            async with anyio.create_task_group() as group:
                for _ in range(45):
                    group.start_soon(node.finalized_slot)
                    group.start_soon(node.signatures, ALICE)
                    group.start_soon(node.accounts, [ALICE])
            return api.health.calls

    limits = Limits(total=Rule(50, 0.5), each=Rule(20, 0.5))
    with Upstream(chain, limits={SOLANA: limits}) as upstream:
        assert anyio.run(scene, upstream.url()) == 135
        assert (upstream.count(status=429), upstream.count(status=200)) == (0, 135)


def test_silence_is_not_waited_for_longer_than_was_said() -> None:
    """Spec: timeouts; the stalled call is asked again."""
    faults = Faults()
    faults.plan(Fault.STALL)

    async def work(node: Chain) -> int:
        return await node.finalized_slot()

    chain = chain_of("alice")
    with standing(chain, faults=faults) as upstream:
        assert asking_node(upstream, work, attempts=2, timeout_s=0.2) == chain.finalized_slot


def test_logs_hint_at_transactions_and_go_on_after_a_break() -> None:
    """Provider: logsSubscribe, one subscription an address; our rule: it connects again."""
    chain = chain_of("alice", "bob")
    hints: list[LogHint] = []
    hear = hints.append

    async def listen(node: SolanaRpc) -> None:
        async with aclosing(node.logs([ALICE, BOB])) as stream:
            async for hint in stream:
                hear(hint)

    async def trade(wallet: str) -> str:
        await until(lambda: len(upstream.subscribed) == 2)
        known = len(hints)
        chain.advance()
        signature = buy(chain, wallet, "MEME", 1_000, SOL_UNIT // 100).signature
        chain.advance()
        await until(lambda: len(hints) > known)
        return signature

    async def work(node: SolanaRpc) -> list[tuple[str, Address]]:
        traded: list[tuple[str, Address]] = []
        async with anyio.create_task_group() as group:
            group.start_soon(listen, node)
            traded.append((await trade("alice"), ALICE))
            upstream.drop_sockets()
            await until(lambda: not upstream.subscribed)
            traded.append((await trade("bob"), BOB))
            group.cancel_scope.cancel()
        return traded

    with standing(chain) as upstream:
        traded = asking_node(upstream, work)
    assert [(hint.signature, hint.mentioned) for hint in hints] == traded


async def _lamports(given: list[Address], api: Api) -> list[int | None]:
    _, states = await connect(api).accounts(given)
    return [state and state.lamports for state in states.values()]


async def _listed(given: Address, api: Api) -> set[tuple[str, bool]]:
    return {(info.signature, info.has_failed) for info in await connect(api).signatures(given)}


def _told_lamports(result: Any) -> object:  # noqa: ANN401 - any JSON
    return [row["lamports"] for row in result["value"]]


def _told_signatures(result: Any) -> object:  # noqa: ANN401 - any JSON
    return {(row["signature"], row["err"] is not None) for row in result}


class Recorded(NamedTuple):
    """How a recorded call is asked again, and what its recorded result should become."""

    ask: Callable[..., Awaitable[object]]
    expected: Callable[[Any], object]


RECORDED: Final[Mapping[str, Recorded]] = {
    "getMultipleAccounts": Recorded(_lamports, _told_lamports),
    "getSignaturesForAddress": Recorded(_listed, _told_signatures),
}


@pytest.mark.corpus
def test_recorded_answers_of_the_public_node_are_understood(corpus: Path) -> None:
    """Provenance: request/response pairs of a public client, recorded 2026-03 and 2026-04."""
    seen: set[str] = set()
    for path in sorted((corpus / "rpc_sessions").glob("*.json")):
        for pair in json.loads(path.read_text("utf-8")):
            if pair["request"] is not None and (method := pair["request"]["method"]) in RECORDED:
                given, answer = pair["request"]["params"][0], pair["response"]
                found, _ = asking(partial(RECORDED[method].ask, given), httpx.Response(200, json=answer), spec=PROVIDER)
                assert found == RECORDED[method].expected(answer["result"])
                seen.add(method)
    assert seen == set(RECORDED)
