"""What Claude thinks between its calls goes back as it came while the turn lasts, and nowhere else. Through the SDK."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes.mind import FakeDesk
from tests.fakes.voice.replies import Block, sealed, text, thought, tool
from tests.fakes.voice.script import ANTHROPIC_KEY
from tests.fakes.voice.stand import ANTHROPIC, VoiceProviders
from voice.brain import Brain, Said
from voice.connecting import connect_mind
from voice.diary import write_diary
from voice.settings import VoiceSettings

BOARD = {"wallets": [{"nickname": "alpha"}]}
FIRST = [thought("Whom do they mean? The first, I think."), text("Let me look. "), tool("top_wallets")]
SECOND = [thought("", "sig-2"), sealed(), tool("token_report", token="Bonk"), tool("system_status")]
DONE = [text("Alpha leads.")]

Asked = Callable[[Brain], Coroutine[Any, Any, None]]


def talk(providers: VoiceProviders, work: Asked, *replies: Sequence[Block], model: str = "claude-sonnet-5-5") -> Brain:
    """Do something with a brain over the SDK, within ten seconds."""
    providers.script.replies += replies

    async def bounded() -> Brain:
        async with asyncio.timeout(10):
            mind = connect_mind(VoiceSettings(**providers.settings(model=model)))
            desk = FakeDesk({"top_wallets": BOARD, "token_report": {}, "system_status": {}}, frozenset())
            brain = Brain(mind, desk, system="Be short.", memory_tokens=10_000)
            try:
                await work(brain)
            finally:
                await mind.aclose()
            return brain

    return asyncio.run(bounded())


async def ask(brain: Brain, question: str) -> str:
    """Return what is said to a question, which is remembered as heard in full."""
    about = brain.think(question, is_certain=True)
    said = " ".join([event.text async for event in brain.answer(about) if isinstance(event, Said)])
    brain.remember(about, said, is_cut=False)
    return said


def written(body: Mapping[str, Any]) -> list[list[Block]]:
    """Return what a request says that the model wrote."""
    return [message["content"] for message in body["messages"] if message["role"] == "assistant"]


@pytest.mark.parametrize("model", ["claude-sonnet-5-5", "claude-opus-5-5"])
def test_thoughts_go_back_unchanged_with_their_calls(providers: VoiceProviders, model: str) -> None:
    """Messages API: signed and sealed thoughts go back complete, in their order, with the results; else 400."""

    async def work(brain: Brain) -> None:
        assert await ask(brain, "who leads") == "Let me look. Alpha leads."

    talk(providers, work, FIRST, SECOND, DONE, model=model)
    assert written(providers.script.asked[-1]) == [FIRST, SECOND]


def test_thoughts_are_forgotten_with_the_end_of_their_turn(providers: VoiceProviders, tmp_path: Path) -> None:
    """Our rule: what was thought is of no use to the next question, and no words of it are kept in the diary."""

    async def work(brain: Brain) -> None:
        await ask(brain, "who leads")
        await ask(brain, "and then")

    brain = talk(providers, work, FIRST, DONE, DONE)
    write_diary(tmp_path / "diary.json", brain.conversation)
    kept = (tmp_path / "diary.json").read_text("utf-8")
    for told in (str(providers.script.asked[-1]["messages"]), kept):
        assert "Let me look." in told
        assert not any(word in told for word in ("Whom do they mean", "signed", "thinking"))


def test_what_is_told_before_a_thought_stays_until_its_turn_is_over(providers: VoiceProviders) -> None:
    """Messages API: a thought counts only behind what it was an answer to: news and a comma wait."""

    async def work(brain: Brain) -> None:
        about = brain.think("who leads", is_certain=False)
        async for _ in brain.answer(about):
            if not about.may_write.is_set():
                brain.remember_news("Alpha just bought.")
                about.turn = replace(about.turn, question="Who leads?")
                about.may_write.set()
        brain.remember(about, "Alpha leads.", is_cut=False)
        await ask(brain, "and then")

    talk(providers, work, FIRST, DONE, DONE)
    assert len(providers.script.asked) == 3
    assert "Alpha just bought." in str(providers.script.asked[-1]["messages"])
    assert "Who leads?" in str(providers.script.asked[-1]["messages"])


def continued(*blocks: Block, system: str = "Be short.") -> dict[str, Any]:
    """Return a request that goes on with a turn."""
    question = {"role": "user", "content": [{"type": "text", "text": "who leads"}]}
    results = [
        {"type": "tool_result", "tool_use_id": block["id"], "content": "{}"} for block in blocks if "id" in block
    ]
    answered = [{"role": "assistant", "content": blocks}, {"role": "user", "content": results}] if blocks else []
    return {"model": "x", "system": system, "messages": [question, *answered]}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (continued(*FIRST), 200),
        (continued(*FIRST[1:]), 400),
        (continued({**FIRST[0], "thinking": "They mean the second."}, *FIRST[1:]), 400),
        (continued({**FIRST[0], "signature": "forged"}, *FIRST[1:]), 400),
        (continued(FIRST[1], FIRST[0], *FIRST[2:]), 400),
        (continued(*FIRST, system="Be long."), 400),
    ],
    ids=["as it came", "left out", "changed", "forged", "moved", "after something else"],
)
def test_fake_refuses_a_turn_without_its_thoughts(providers: VoiceProviders, body: dict[str, Any], status: int) -> None:
    """Messages API; the fake does as the service does, so that the tests above prove something."""
    providers.script.replies += [FIRST, DONE]
    url, key = f"{providers.url(ANTHROPIC)}/v1/messages", {"x-api-key": ANTHROPIC_KEY}
    assert [httpx.post(url, json=each, headers=key).status_code for each in (continued(), body)] == [200, status]
