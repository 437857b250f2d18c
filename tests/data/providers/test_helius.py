"""What Helius is asked beside what every node is, over real sockets, and what it costs."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import anyio
import httpx
import pytest

from data.clock import SystemClock
from data.errors import ProviderError
from data.providers import Api, ApiKey, Http, Pace, Paces, ProviderConfig
from data.providers.helius import PROVIDER, EnhancedTransaction, Helius, connect
from engine.reading import read_helius, read_transaction
from engine.units import Address
from tests.builders.transactions import SOL_UNIT, address
from tests.data.providers._asking import KEY, OK, asking
from tests.fakes.chain import Chain
from tests.fakes.helius import HELIUS
from tests.fakes.helius import Helius as Account
from tests.fakes.limits import UNLIMITED
from tests.fakes.trading import buy, open_pool
from tests.fakes.upstream import Provider, Upstream

ALICE = Address(address("alice"))
URL = "https://hooks.example.com/webhooks/helius"
SECRET = "s" * 64
FAST = Paces(together=Pace(10_000, 1.0))
T = TypeVar("T")


def busy_chain(trades: int) -> Chain:
    """Return a chain on which alice has traded, finally."""
    chain = Chain()
    open_pool(chain, "MEME")
    chain.fund("alice", 1_000 * SOL_UNIT)
    for _ in range(trades):
        buy(chain, "alice", "MEME", 5_000_000, SOL_UNIT)
        chain.advance()
    chain.finalize()
    return chain


def asking_helius(account: Account, chain: Chain, work: Callable[[Helius], Awaitable[T]]) -> T:
    """Return what `work` brings from an account of Helius."""
    providers = {HELIUS: Provider(account.name_of, account.answer)}
    with Upstream(chain, providers=providers, limits={HELIUS: UNLIMITED}) as upstream:
        url = upstream.url(HELIUS)

        async def scene() -> T:
            config = ProviderConfig(base_url=url, rpc_url=url, api_key=ApiKey(account.key), attempts=1, paces=FAST)
            async with Http(SystemClock()) as http:
                return await work(connect(http.api(PROVIDER, config)))

        return anyio.run(scene)


def test_history_goes_back_page_by_page_until_nothing_is_left() -> None:
    """Provider: 100 transactions a call for 100 credits; an empty list ends it."""
    chain = busy_chain(5)
    account = Account(chain)

    async def work(helius: Helius) -> list[list[EnhancedTransaction]]:
        pages = [await helius.history(ALICE, limit=3)]
        while pages[-1]:
            pages.append(await helius.history(ALICE, before=pages[-1][-1].signature, limit=3))
        return pages

    pages = asking_helius(account, chain, work)
    assert [len(page) for page in pages] == [3, 2, 0]
    told = [transaction.signature for page in pages for transaction in page]
    assert told == [done.signature for done in chain.signatures(ALICE, slot=chain.slot)]
    assert [read_helius(transaction.text, [ALICE])[0].signature for transaction in pages[0]] == told[:3]
    assert account.credits == 300


def test_known_transactions_are_parsed_and_unknown_ones_left_out() -> None:
    """Provider: POST /v0/transactions, up to 100 signatures."""
    chain = busy_chain(2)
    signatures = [done.signature for done in chain.executed()[-2:]]

    async def work(helius: Helius) -> dict[Any, bytes]:
        return await helius.parse([*signatures, "1" * 64])

    found = asking_helius(Account(chain), chain, work)
    assert set(found) == set(signatures)


def test_transactions_of_an_address_come_with_those_of_its_token_accounts() -> None:
    """Provider: getTransactionsForAddress, oldest first, with a token for the next page; paid plans only."""
    chain = busy_chain(3)

    async def work(helius: Helius) -> list[str]:
        page = await helius.transactions_of(ALICE, min_slot=chain.executed()[0].slot)
        assert page.next_token is None
        return [read_transaction(text, [ALICE])[0].signature for text in page.texts]

    oldest_first = [done.signature for done in chain.signatures(ALICE, slot=chain.slot)][::-1]
    assert asking_helius(Account(chain, has_paid_plan=True), chain, work) == oldest_first
    with pytest.raises(ProviderError, match="HTTP 403") as caught:
        asking_helius(Account(chain), chain, work)
    assert not caught.value.retryable


def test_webhooks_are_made_listed_changed_and_removed() -> None:
    """Provider: webhook CRUD, 100 credits each; the secret travels as authHeader."""
    chain = busy_chain(0)
    account = Account(chain)

    async def work(helius: Helius) -> None:
        made = await helius.create_webhook(URL, [ALICE], SECRET)
        assert (made.url, made.kind, made.addresses) == (URL, "raw", (ALICE,))
        assert account.webhooks[made.webhook_id]["authHeader"] == SECRET
        assert await helius.webhooks() == [made]
        changed = await helius.edit_webhook(made.webhook_id, URL, [], SECRET, "enhanced")
        assert (changed.webhook_id, changed.addresses, changed.kind) == (made.webhook_id, (), "enhanced")
        await helius.delete_webhook(made.webhook_id)
        assert await helius.webhooks() == []

    asking_helius(account, chain, work)
    assert account.credits == 500


def test_its_node_answers_like_any_node_at_an_address_of_its_own() -> None:
    """Provider: mainnet.helius-rpc.com beside api-mainnet.helius-rpc.com; the credits are those of one account."""

    async def work(api: Api) -> None:
        helius = connect(api)
        await helius.rpc.finalized_slot()
        assert await helius.history(ALICE) == []
        assert api.health.calls == 2

    slot, none = httpx.Response(200, json={"result": 5}), httpx.Response(200, json=[])
    config = ProviderConfig(api_key=ApiKey(KEY))
    _, server = asking(work, slot, none, spec=PROVIDER, config=config)
    hosts = [request.url.host for request in server.requests]
    assert hosts == ["mainnet.helius-rpc.com", "api-mainnet.helius-rpc.com"]
    assert all(request.url.params["api-key"] == KEY for request in server.requests)


@pytest.mark.parametrize("webhook_id", ["", "../transactions", "a/b", "a?x=1", "é", "a" * 65])
def test_an_id_that_is_none_never_becomes_part_of_an_address(webhook_id: str) -> None:
    """Our rule: what a user types is no path."""

    async def work(api: Api) -> None:
        with pytest.raises(ProviderError, match="no id of a webhook"):
            await connect(api).delete_webhook(webhook_id)

    _, server = asking(work, OK, spec=PROVIDER, config=ProviderConfig(api_key=ApiKey(KEY)))
    assert server.requests == []
