"""What goes wrong in a conversation: a line says what to do, and the next question is answered."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.voice.faults import Door, Fault, Kind, late
from tests.fakes.voice.stand import OPENAI
from tests.voice.devices._talking import Talk

Spoken = Callable[[str], Path]

ASK: str = "who leads"
ANSWER: str = "Alpha leads."


@pytest.mark.parametrize(
    ("fault", "line"),
    [
        (Fault(kind=Kind.BAD_KEY), "Anthropic refuses the key. Check ANTHROPIC_API_KEY and start again."),
        (Fault(kind=Kind.NO_CREDIT), "The Anthropic account has no credit left."),
        (Fault(kind=Kind.RATE_LIMITED, retry_after_s=7), "Anthropic asks me to slow down. Ask again in 7 seconds."),
        (Fault(kind=Kind.OVERLOADED), "Anthropic is overloaded."),
        (late(Kind.STALL, after=1), "Anthropic stopped answering."),
        (late(Kind.DROP, after=1), "I cannot reach Anthropic."),
        (late(Kind.MALFORMED, after=1), "Anthropic sent something that I cannot read."),
    ],
    ids=lambda value: value.kind if isinstance(value, Fault) else "",
)
def test_a_mind_that_fails_is_named(talk: Talk, spoken: Spoken, fault: Fault, line: str) -> None:
    """Spec: bad key, no credit, 429, a stall in the middle: a line for each, and the loop goes on."""
    talk.answers(ASK, ANSWER)
    # A guess that fails is asked again: both must fail to be heard.
    talk.script.faults.always(Door.CLAUDE, fault)
    since = len(talk.log.read())
    talk.ask(ASK, spoken(ASK))
    talk.wait_for_phase("announcing", since)
    talk.wait_for_shown(line)
    talk.hush()
    talk.script.faults.mend()
    assert talk.ask_and_listen(ASK, spoken(ASK))["answer"] == ANSWER


@pytest.mark.parametrize("fault", [late(Kind.RATE_LIMITED), late(Kind.DROP, 1), late(Kind.STALL)], ids=lambda f: f.kind)
def test_ears_that_fail_are_replaced(talk: Talk, spoken: Spoken, fault: Fault) -> None:
    """Spec: realtime transcription with a batch fallback; what was said is not asked for again."""
    talk.answers(ASK, ANSWER)
    talk.script.faults.plan(Door.REALTIME, fault)
    assert talk.ask_and_listen(ASK, spoken(ASK))["answer"] == ANSWER
    assert [heard.by for heard in talk.script.heard] == ["batch"]
    assert talk.ask_and_listen(ASK, spoken(ASK))["answer"] == ANSWER
    assert talk.script.heard[-1].by == "realtime"


def test_ears_that_all_fail_are_named(talk: Talk, spoken: Spoken) -> None:
    """Spec: no credit has a line that says what to do."""
    talk.answers(ASK, ANSWER)
    talk.script.faults.plan(Door.REALTIME, late(Kind.NO_CREDIT))
    talk.script.faults.plan(Door.BATCH, Fault(kind=Kind.NO_CREDIT))
    since = len(talk.log.read())
    talk.ask(ASK, spoken(ASK))
    talk.wait_for_phase("announcing", since)
    talk.wait_for_shown("The OpenAI account has no credit left.")
    talk.hush()
    talk.renew()
    talk.answers(ASK, ANSWER)
    assert talk.ask_and_listen(ASK, spoken(ASK))["answer"] == ANSWER


def test_no_network_is_named_and_its_return_is_noticed(talk: Talk, spoken: Spoken) -> None:
    """Spec: no network; connections that were open are gone with it."""
    talk.answers(ASK, ANSWER)
    talk.script.faults.plan(Door.REALTIME, late(Kind.DROP))
    talk.script.faults.always(Door.BATCH, late(Kind.DROP))
    talk.providers.refuse(OPENAI)
    since = len(talk.log.read())
    talk.ask(ASK, spoken(ASK))
    talk.wait_for_phase("announcing", since)
    talk.wait_for_shown("I cannot reach OpenAI.")
    talk.hush()
    talk.providers.admit(OPENAI)
    talk.renew()
    talk.answers(ASK, ANSWER)
    assert talk.ask_and_listen(ASK, spoken(ASK))["answer"] == ANSWER


def test_a_voice_that_breaks_off_is_continued_by_another(talk: Talk, spoken: Spoken) -> None:
    """Spec: a provider stalls in the middle of a sentence; the HTTP voice says the rest."""
    talk.answers(ASK, "Alpha leads by far. Beta is next.")
    talk.script.faults.plan(Door.SPEECH, late(Kind.DROP, after=2))
    assert talk.ask_and_listen(ASK, spoken(ASK))["answer"] == "Alpha leads by far. Beta is next."
    assert "http" in {context for context, _ in talk.script.spoken}


def test_a_voice_that_is_lost_leaves_the_answer_on_the_screen(talk: Talk, spoken: Spoken) -> None:
    """Spec: a failure has a spoken or printed line; the answer itself can be read."""
    talk.answers(ASK, "Gamma leads now.")
    talk.script.faults.always(Door.SPEECH, Fault(kind=Kind.NO_CREDIT))
    talk.script.faults.always(Door.STREAM, Fault(kind=Kind.NO_CREDIT))
    talk.script.faults.plan(Door.SPEECH, late(Kind.NO_CREDIT))
    before = talk.turns
    talk.ask(ASK, spoken(ASK))
    talk.next_turn(before)
    talk.wait_for_shown("Gamma leads now.")
    talk.wait_for_shown("The ElevenLabs account has no credit left.")
