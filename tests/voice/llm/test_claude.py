"""Claude, through the real SDK against the wire format: replies in pieces, calls, caching, and every trouble."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import pytest

from tests.fakes.mind import STALLED, FakeMind, asks, says
from tests.fakes.voice.faults import Door, Fault, Kind, late
from tests.fakes.voice.replies import text, tool
from tests.fakes.voice.script import ANTHROPIC_KEY
from tests.fakes.voice.stand import ANTHROPIC, VoiceProviders
from voice.connecting import connect_mind
from voice.errors import ProviderTrouble, VoiceProviderError
from voice.providers import Mind, MindEvent, Request, Stop, TextDelta, ToolCall
from voice.settings import VoiceSettings
from voice.tools import ToolInfo

T = TypeVar("T")
Work = Callable[[Mind], Coroutine[Any, Any, T]]

QUESTION = {"role": "user", "content": [{"type": "text", "text": "who leads"}]}
BOARD = ToolInfo(name="top_wallets", description="Lists.", input_schema={"type": "object"}, is_read_only=True)
REPORT = ToolInfo(name="token_report", description="Reports.", input_schema={"type": "object"}, is_read_only=True)
REQUEST = Request(system="Be short.", messages=[QUESTION], tools=(BOARD, REPORT))


def think(providers: VoiceProviders, work: Work[T], **settings: object) -> T:
    """Do something with a model that is closed afterwards, within ten seconds."""

    async def bounded() -> T:
        async with asyncio.timeout(10):
            mind = connect_mind(VoiceSettings(**providers.settings(**settings)))
            try:
                return await work(mind)
            finally:
                await mind.aclose()
                await mind.aclose()

    return asyncio.run(bounded())


async def reply(mind: Mind) -> list[MindEvent]:
    """Return all of a reply."""
    return [event async for event in mind.reply(REQUEST)]


async def trouble_of(mind: Mind) -> tuple[VoiceProviderError, str]:
    """Return the trouble of a reply, and the words that came before it."""
    heard: list[str] = []

    async def listen() -> None:
        async for event in mind.reply(REQUEST):
            if isinstance(event, TextDelta):
                heard.append(event.text)  # noqa: PERF401 - what came before the error counts

    with pytest.raises(VoiceProviderError) as caught:
        await listen()
    return caught.value, "".join(heard)


def summed(events: list[MindEvent]) -> tuple[str, list[tuple[str, Any]], str]:
    """Return the words of a reply, its calls, and why it ended; it ends with its one stop."""
    words = "".join(event.text for event in events if isinstance(event, TextDelta))
    calls = [(event.name, event.arguments) for event in events if isinstance(event, ToolCall)]
    (stop,) = (event for event in events if isinstance(event, Stop))
    assert events[-1] == stop
    return words, calls, stop.reason


def test_reply_comes_in_pieces_and_ends_with_a_stop(providers: VoiceProviders) -> None:
    """Anthropic's streaming document; the fake in memory says the same."""
    providers.script.replies.append([text("Alpha leads with 12 SOL.")])
    events = think(providers, reply)
    assert len(events) > 3
    assert summed(events) == ("Alpha leads with 12 SOL.", [], "end")
    assert summed(asyncio.run(reply(FakeMind([says("Alpha leads with 12 SOL.")])))) == summed(events)


def test_calls_come_complete_beside_words(providers: VoiceProviders) -> None:
    """Spec: parallel tool calls; the fake in memory says the same."""
    call = tool("token_report", token="Bonk", window={"days": 7, "of": ["a", "b"]})
    providers.script.replies.append([text("Let me look. "), tool("top_wallets"), call])
    events = think(providers, reply)
    assert summed(events) == ("Let me look. ", [("top_wallets", {}), (call["name"], call["input"])], "tool_use")
    script = [asks(("top_wallets", {}), (call["name"], call["input"]), first="Let me look. ")]
    assert summed(asyncio.run(reply(FakeMind([*script])))) == summed(events)


def test_prompt_and_tools_are_cached_and_nothing_thinks_aloud(providers: VoiceProviders) -> None:
    """Spec: prompt caching; notes: thinking off, since somebody waits for the first word."""
    providers.script.replies.append([text("Yes.")])
    think(providers, reply)
    (asked,) = providers.script.asked
    assert asked["system"] == [{"type": "text", "text": "Be short.", "cache_control": {"type": "ephemeral"}}]
    assert [found["name"] for found in asked["tools"]] == ["token_report", "top_wallets"]
    assert [found.get("cache_control") for found in asked["tools"]] == [None, {"type": "ephemeral"}]
    assert (asked["thinking"], asked["stream"]) == ({"type": "disabled"}, True)
    assert "output_config" not in asked
    assert "temperature" not in asked


@pytest.mark.parametrize(
    ("model", "haste"),
    [
        ("claude-haiku-5-5", {"thinking": {"type": "disabled"}}),
        ("claude-sonnet-5-5", {"thinking": {"type": "between_tools"}}),
        ("claude-opus-5-5", {"output_config": {"effort": "low"}}),
        ("local-model", {}),
    ],
)
def test_each_model_is_hurried_as_it_can_be(providers: VoiceProviders, model: str, haste: dict[str, Any]) -> None:
    """Our rule: models differ in how they are kept from thinking first."""
    providers.script.replies.append([text("Yes.")])
    think(providers, reply, model=model)
    (asked,) = providers.script.asked
    assert {name: asked[name] for name in ("thinking", "output_config") if name in asked} == haste


def test_start_finds_out_that_the_key_is_bad(providers: VoiceProviders) -> None:
    """Our rule: a bad key is known before the first question, and costs nothing."""

    async def start(mind: Mind) -> None:
        await mind.start()

    think(providers, start)
    with pytest.raises(VoiceProviderError) as caught:
        think(providers, start, ANTHROPIC_API_KEY="sk-ant-wrong")
    assert caught.value.kind == "bad_key"
    assert providers.script.asked == []


@pytest.mark.parametrize(
    ("kind", "expected", "line"),
    [
        (Kind.BAD_KEY, "bad_key", "refuses the key. Check ANTHROPIC_API_KEY"),
        (Kind.NO_CREDIT, "no_credit", "no credit left. Add some"),
        (Kind.RATE_LIMITED, "rate_limited", "slow down. Ask again in a minute"),
        (Kind.OVERLOADED, "overloaded", "overloaded. Ask again"),
        (Kind.INVALID, "refused", "The log says why"),
    ],
    ids=str,
)
@pytest.mark.parametrize("is_late", [False, True], ids=["at once", "in the middle"])
def test_every_refusal_has_its_line(
    kind: Kind,
    expected: ProviderTrouble,
    line: str,
    is_late: bool,  # noqa: FBT001 - a parameter of the table
    providers: VoiceProviders,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Spec: no credit, bad key, 429: a line that says what to do; no key is in a line or in the log."""
    caplog.set_level(logging.DEBUG, "voice")
    providers.script.faults.plan(Door.CLAUDE, Fault(kind=kind, is_late=is_late, after=2))
    providers.script.replies.append([text("Alpha leads with 12 SOL.")])
    trouble, heard = think(providers, trouble_of)
    assert (trouble.kind, heard) == (expected, "Alpha leads " if is_late else "")
    assert line in trouble.line
    told = trouble.line + "".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    assert ANTHROPIC_KEY not in told


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(Kind.DROP, "no_network"), (Kind.MALFORMED, "unexpected"), (Kind.STALL, "stalled")],
    ids=str,
)
@pytest.mark.parametrize("after", [0, 2])
def test_what_came_before_the_trouble_stands(
    kind: Kind, expected: ProviderTrouble, after: int, providers: VoiceProviders
) -> None:
    """Spec: provider stalls mid-sentence; a dropped connection and nonsense likewise; the next question is answered."""
    providers.script.faults.plan(Door.CLAUDE, late(kind, after=after))
    providers.script.replies += [[text("Alpha leads with 12 SOL.")], [text("Yes.")]]

    async def work(mind: Mind) -> tuple[VoiceProviderError, str, str]:
        trouble, heard = await trouble_of(mind)
        return trouble, heard, summed(await reply(mind))[0]

    trouble, heard, afterwards = think(providers, work, timeout_s=1.0)
    assert (trouble.kind, heard, afterwards) == (expected, "Alpha leads " if after else "", "Yes.")


def test_time_to_come_back_is_told(providers: VoiceProviders) -> None:
    """Spec: 429; the provider's own Retry-After is what the person is told, and nothing is retried in silence."""
    providers.script.faults.plan(Door.CLAUDE, Fault(kind=Kind.RATE_LIMITED, retry_after_s=9))
    trouble, _ = think(providers, trouble_of)
    assert "Ask again in 9 seconds." in trouble.line


def test_no_network_is_told_and_passes(providers: VoiceProviders) -> None:
    """Spec: no network."""
    providers.refuse(ANTHROPIC)
    providers.script.replies.append([text("Yes.")])

    async def work(mind: Mind) -> tuple[str, str]:
        trouble, _ = await trouble_of(mind)
        providers.admit(ANTHROPIC)
        return trouble.kind, summed(await reply(mind))[0]

    assert think(providers, work) == ("no_network", "Yes.")


def test_fake_in_memory_stalls_like_the_real_one() -> None:
    """Our rule: fakes keep the promises of what they stand for."""
    trouble, heard = asyncio.run(trouble_of(FakeMind([[*says("Alpha leads ")[:-1], STALLED]])))
    assert (trouble.kind, heard) == ("stalled", "Alpha leads ")


def test_answer_that_is_given_up_lets_go_of_its_connection(providers: VoiceProviders) -> None:
    """Spec: barge-in: the model is not heard out; the next question does not wait for it."""
    providers.script.replies += [[text("word " * 200)], [text("Yes.")]]
    providers.script.pace.tokens_per_s = 100

    async def work(mind: Mind) -> str:
        async def listen() -> None:
            async for _ in mind.reply(REQUEST):
                pass

        task = asyncio.create_task(listen())
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return summed(await reply(mind))[0]

    assert think(providers, work) == "Yes."


def test_missing_key_is_told_before_anything_is_sent(providers: VoiceProviders) -> None:
    """Spec: no key has a line that says what to do."""
    with pytest.raises(VoiceProviderError, match="set ANTHROPIC_API_KEY and start again") as caught:
        connect_mind(VoiceSettings(**providers.settings(ANTHROPIC_API_KEY=None)))
    assert caught.value.kind == "no_key"
