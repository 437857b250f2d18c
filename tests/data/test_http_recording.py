"""Recording what providers answered, without any key, and answering from it."""

import gzip
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import anyio
import httpx
import msgspec
import pytest

from data.clock import SystemClock
from data.errors import FileError, ProviderError
from data.http_recording import Exchange, Recording, RecordingSender, new_recording, read_recording
from data.http_replay import Replay, ReplaySender
from data.http_replay_server import serve_replay
from data.providers import Api, ApiKey, Http, HttpSender, Pace, Paces, ProviderConfig, ProviderSpec
from data.providers.helius import PROVIDER as HELIUS
from data.providers.helius import connect as connect_helius
from data.providers.solana_rpc import PROVIDER as SOLANA
from data.providers.solana_rpc import SolanaRpc, connect
from engine.units import Address
from tests.builders.transactions import address
from tests.data.providers._asking import KEY, SPEC, Server, with_header_key
from tests.data.providers._standing import chain_of, standing
from tests.fakes.faults import Fault, Faults
from tests.virtual_time import HandClock, VirtualClock, run

ALICE = Address(address("alice"))
FAST = Paces(together=Pace(10_000, 1.0))
Work = Callable[[SolanaRpc], Awaitable[object]]


def record(path: Path, work: Work, *, faults: Faults | None = None) -> object:
    """Return what `work` brings from a node while that is recorded."""
    chain = chain_of("alice")

    async def scene(url: str) -> object:
        config = ProviderConfig(base_url=url, paces=FAST, backoff_s=0.01)
        with new_recording(path) as sink:
            async with Http(SystemClock(), sender=RecordingSender(HttpSender(), sink, SystemClock())) as http:
                return await work(connect(http.api(SOLANA, config)))

    with standing(chain, faults=faults) as upstream:
        return anyio.run(scene, upstream.url())


def replay(recording: Recording, work: Work, *, speed: float | None = None) -> object:
    """Return what `work` brings from a recording, at the address of the public node."""

    async def scene() -> object:
        sender = ReplaySender(Replay(recording), VirtualClock(), speed=speed)
        async with Http(VirtualClock(), sender=sender) as http:
            return await work(connect(http.api(SOLANA, ProviderConfig(paces=FAST))))

    return run(scene)


async def look(node: SolanaRpc) -> object:
    """Ask for a few things."""
    signatures = await node.signatures(ALICE)
    return signatures, await node.transaction(signatures[0].signature), await node.accounts([ALICE])


@pytest.mark.parametrize("name", ["session.jsonl", "session.jsonl.gz"])
def test_a_replay_answers_what_was_answered_without_a_network(tmp_path: Path, name: str) -> None:
    """Spec: offline and deterministic; the node had another address when it was recorded."""
    path = tmp_path / name
    told = record(path, look)
    recording = read_recording(path)
    assert recording.is_complete
    assert replay(recording, look) == replay(recording, look) == told
    assert (path.read_bytes()[:2] == b"\x1f\x8b") == name.endswith(".gz")


def test_what_went_wrong_goes_wrong_again_and_ends_the_same(tmp_path: Path) -> None:
    """Spec: a recording holds what providers answered, not what they should have."""
    faults = Faults(retry_after_s=0)
    for fault in (Fault.RESET, Fault.HTML_PAGE, Fault.LIMITED_SECONDS, Fault.HALF):
        faults.plan(fault)
    path = tmp_path / "session.jsonl"

    async def ask_twice(node: SolanaRpc) -> object:
        return [await node.signatures(ALICE) for _ in range(3)]

    told = record(path, ask_twice, faults=faults)
    recording = read_recording(path)
    assert [exchange.status for exchange in recording.exchanges].count(None) == 2
    assert len(recording.exchanges) == 3 + 4
    assert replay(recording, ask_twice) == told


def test_answers_to_the_same_question_come_in_the_order_they_came() -> None:
    """Our rule: matched by what is asked; what was not asked so often is a clear error and no guess."""
    lines = [{"at_s": 0.1 * n, "status": 200, "answer": f'{{"result":{n}}}'} for n in (1, 2)]
    asked = '{"jsonrpc":"2.0","id":1,"method":"getSlot","params":[{"commitment":"finalized"}]}'
    recording = _recording(*({**line, "provider": "solana_rpc", "method": "POST", "asked": asked} for line in lines))

    async def work(node: SolanaRpc) -> object:
        found = [await node.finalized_slot(), await node.finalized_slot()]
        with pytest.raises(ProviderError, match="the recording has no further answer to this") as caught:
            await node.finalized_slot()
        assert not caught.value.retryable
        return found

    assert replay(recording, work) == [1, 2]


def test_a_speed_gives_answers_when_they_came() -> None:
    """Spec: `--speed`; twice as fast takes half the time."""
    asked = '{"jsonrpc":"2.0","id":1,"method":"getSlot","params":[{"commitment":"finalized"}]}'
    headers = {"retry-after": "1"}
    recording = _recording(
        {"at_s": 60, "status": 200, "answer": '{"result":7}', "provider": "solana_rpc", "method": "POST",
         "asked": asked, "headers": headers},
    )  # fmt: skip

    async def work(node: SolanaRpc) -> object:
        return await node.finalized_slot(), VirtualClock().monotonic_s()

    assert replay(recording, work, speed=2) == (7, 30.0)
    assert replay(recording, work) == (7, 0.0)


def test_a_served_recording_is_an_upstream_like_any_other(tmp_path: Path) -> None:
    """Spec: `aura replay` serves it as upstream; only addresses are changed, and a key is ignored."""
    path = tmp_path / "session.jsonl"
    told = record(path, look)
    recording = read_recording(path)

    async def scene() -> object:
        sender = ReplaySender(Replay(recording), VirtualClock())
        transport = httpx.ASGITransport(serve_replay(sender))
        config = ProviderConfig(base_url="http://replay.example/solana_rpc", paces=FAST, attempts=1)
        async with Http(VirtualClock(), transport) as http:
            node = connect(http.api(SOLANA, config))
            found = await look(node)
            with pytest.raises(ProviderError, match="HTTP 404"):
                await node.finalized_slot()
            return found

    assert run(scene) == told


ECHOES: Final = {
    "as it is": KEY,
    "in an address": f"https://rpc.example/?api-key={KEY}",
    "quoted": quote(KEY, safe=""),
    "in a longer word": f"x{KEY}x",
    "in a header": "header",
}
ODD_KEY: Final = 'k"\\/&=+%-0123456789'


@pytest.mark.parametrize("key", [KEY, ODD_KEY], ids=["plain", "odd"])
@pytest.mark.parametrize("echo", ECHOES)
@pytest.mark.parametrize("place", ["parameter", "header", "path of the address", "user of the address", "body"])
def test_no_key_reaches_a_recording(tmp_path: Path, place: str, echo: str, key: str) -> None:
    """Spec: keys never appear in recordings, wherever they travel and however a provider echoes them."""
    text = ECHOES[echo].replace(KEY, key).replace(quote(KEY, safe=""), quote(key, safe=""))
    answer = httpx.Response(
        200,
        json={"told": text, "again": [text]},
        headers={"x-ratelimit-note": quote(key, safe=""), "set-cookie": "a=b"},
    )
    recording = _recorded(tmp_path / "session.jsonl", answer, *_placed(place, key), place=place)
    spellings = {key, quote(key, safe=""), quote(key), key.replace("\\", "\\\\").replace('"', '\\"')}
    assert [spelling for spelling in spellings if spelling in recording] == []
    assert "set-cookie" not in recording
    assert "prices" in recording


def _placed(place: str, key: str) -> tuple[ProviderSpec, ProviderConfig]:
    quoted = quote(key, safe="")
    return {
        "parameter": (SPEC, ProviderConfig(api_key=ApiKey(key))),
        "header": (with_header_key("x-api-key"), ProviderConfig(api_key=ApiKey(key))),
        "path of the address": (SPEC, ProviderConfig(base_url=f"https://node.example/{quoted}/v1")),
        "user of the address": (SPEC, ProviderConfig(base_url=f"https://user:{quoted}@node.example/v1?t={quoted}")),
        "body": (SPEC, ProviderConfig(api_key=ApiKey(key))),
    }[place]


def _recorded(path: Path, answer: httpx.Response, spec: ProviderSpec, config: ProviderConfig, *, place: str) -> str:
    """Return the text of a recording of one exchange."""

    async def ask(api: Api) -> None:
        options: dict[str, Any] = (
            {"json": {"told": config.api_key.reveal()}} if place == "body" and config.api_key else {}
        )
        await api.request("prices", method="POST" if options else "GET", path="/prices", params={"ids": "a"}, **options)

    async def scene() -> None:
        with new_recording(path) as sink:
            sender = RecordingSender(HttpSender(httpx.MockTransport(Server([answer]))), sink, VirtualClock())
            async with Http(VirtualClock(), sender=sender) as http:
                await ask(http.api(spec, config))

    run(scene)
    return path.read_text("utf-8")


def test_what_holds_a_secret_of_its_own_is_not_recorded_at_all(tmp_path: Path) -> None:
    """Our rule: webhooks carry their secret in the body, and Helius tells it again."""
    secret = "s" * 64
    webhook: dict[str, Any] = {
        "webhookID": "1",
        "webhookURL": "https://hooks.example",
        "authHeader": secret,
        "accountAddresses": [],
    }
    path = tmp_path / "session.jsonl"

    async def scene() -> None:
        with new_recording(path) as sink:
            server = Server([httpx.Response(200, json=webhook), httpx.Response(200, json=[webhook])])
            sender = RecordingSender(HttpSender(httpx.MockTransport(server)), sink, VirtualClock())
            async with Http(VirtualClock(), sender=sender) as http:
                helius = connect_helius(http.api(HELIUS, ProviderConfig(api_key=ApiKey(KEY))))
                await helius.create_webhook("https://hooks.example", [ALICE], secret)
                await helius.webhooks()

    run(scene)
    assert read_recording(path).exchanges == []
    assert secret not in path.read_text("utf-8")


def test_bytes_that_are_no_text_survive(tmp_path: Path) -> None:
    """Our rule: whatever came is kept, in base64 where it must be."""
    body = b'{"a":"\xff\xfe"}'
    text = _recorded(tmp_path / "a.jsonl", httpx.Response(200, content=body), SPEC, ProviderConfig(), place="")
    assert "answer_base64" in text
    assert read_recording(tmp_path / "a.jsonl").exchanges[0].body == body


@pytest.mark.parametrize("name", ["session.jsonl", "session.jsonl.gz"])
def test_a_recording_that_broke_off_is_read_up_to_there(tmp_path: Path, name: str) -> None:
    """Our rule: a killed process leaves a useful file."""
    path = tmp_path / name
    record(path, look)
    path.write_bytes(path.read_bytes()[:-40])
    recording = read_recording(path)
    assert not recording.is_complete
    assert len(recording.exchanges) < 3


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is no recording"),
        (b"PK\x03\x04", "is no recording"),
        (b'{"format":"aura-facts","version":1}\n', "is no recording"),
        (b'{"format":"aura-http","version":2,"recorded_at":1}\n', "update AURA or record again"),
        (b'{"format":"aura-http","version":1,"recorded_at":1}\n{"at_s":1}\n', "line 2 is no exchange"),
        (gzip.compress(b"hello"), "is no recording"),
    ],
    ids=range(6),
)
def test_another_file_is_refused_in_one_line(tmp_path: Path, content: bytes, reason: str) -> None:
    """Our rule: what was found and what to do."""
    path = tmp_path / "other.jsonl"
    path.write_bytes(content)
    with pytest.raises(FileError, match=reason) as caught:
        read_recording(path)
    assert "\n" not in str(caught.value)


def test_files_that_cannot_be_are_refused(tmp_path: Path) -> None:
    """Our rule: nothing is overwritten; a folder that is not there is named."""
    path = tmp_path / "session.jsonl"
    path.write_bytes(b"kept")
    with pytest.raises(FileError, match="exists already"), new_recording(path):
        pass
    assert path.read_bytes() == b"kept"
    with pytest.raises(FileError, match="cannot be written"), new_recording(tmp_path / "nowhere" / "a.jsonl"):
        pass
    with pytest.raises(FileError, match="cannot be read"):
        read_recording(tmp_path / "nowhere.jsonl")


def _recording(*exchanges: dict[str, Any]) -> Recording:
    """Return a recording of these lines."""
    whole = [msgspec.convert({"call": "getSlot", **exchange}, Exchange) for exchange in exchanges]
    return Recording(HandClock().epoch_s(), whole, is_complete=True)
