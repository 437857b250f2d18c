"""What may be changed in a conversation that is not in English: what was put to the person, and agreed to plainly."""

import pytest

from tests.fakes.mind import FakeDesk, FakeMind, Reply, asks, says
from tests.virtual_time import run
from voice.brain import Brain, Said
from voice.leave import ENGLISH_ONLY, WILL_BE_ASKED, leave_in
from voice.manners import manners

TRACK = {"wallet": "alpha", "action": "track"}
QUESTION = "Soll ich das tun: edit wallet, alpha, track?"


def make(language: str, *script: Reply) -> tuple[Brain, FakeDesk]:
    """Return a brain that is spoken to in a language, and its tools."""
    desk = FakeDesk({"edit_wallet": {"is_tracked": True}, "token_report": {"untrusted_name": "Evil"}}, WRITING)
    return Brain(FakeMind(list(script)), desk, system="x", memory_tokens=400, language=language), desk


WRITING = frozenset({"edit_wallet"})


def ask(brain: Brain, question: str, *, is_cut: bool = False) -> tuple[list[str], str]:
    """Return what is said to a question, and what the model was told of its last call."""

    async def scene() -> tuple[list[str], str]:
        thought = brain.think(question, is_certain=True)
        said = [event.text async for event in brain.answer(thought) if isinstance(event, Said)]
        heard = " ".join(said)
        brain.remember(thought, heard[:-3] if is_cut else heard, is_cut=is_cut)
        results = [call.result for exchange in thought.turn.exchanges for call in exchange.calls]
        return said, results[-1] if results else ""

    return run(scene)


def test_change_is_put_to_the_person_and_made_once_they_agree() -> None:
    """Our rule: outside of English every change is named in a question of ours; a plain yes agrees to just that."""
    brain, desk = make(
        "de", asks(("edit_wallet", TRACK)), says("Gern."), asks(("edit_wallet", TRACK)), says("Erledigt.")
    )
    assert ask(brain, "folge alpha") == (["Gern.", QUESTION], WILL_BE_ASKED)
    assert desk.calls == []
    assert ask(brain, "Ja, bitte.")[0] == ["Erledigt."]
    assert desk.calls == [("edit_wallet", TRACK)]


@pytest.mark.parametrize("answer", ["nein", "ja aber nicht alpha", "yes", "ok", "follow alpha", "track alpha", ""])
def test_anything_but_a_plain_yes_changes_nothing(answer: str) -> None:
    """Our rule: English words in another language agree to nothing, and ask for nothing."""
    brain, desk = make("de", asks(("edit_wallet", TRACK)), says("Gern."), asks(("edit_wallet", TRACK)), says("Gut."))
    ask(brain, "folge alpha")
    ask(brain, answer)
    assert desk.calls == []


def test_yes_to_a_question_that_was_not_heard_or_to_another_one_changes_nothing() -> None:
    """Our rule: whoever was interrupted, or was asked something else by the model, agrees to nothing."""
    for is_cut in (True, False):
        other = {**TRACK, "wallet": "alpha" if is_cut else "beta"}
        replies = [asks(("edit_wallet", TRACK)), says("Noch mehr?"), asks(("edit_wallet", other)), says("Gut.")]
        brain, desk = make("de", *replies)
        ask(brain, "was macht alpha", is_cut=is_cut)
        ask(brain, "ja")
        assert desk.calls == []


def test_name_by_a_stranger_is_never_put_to_the_person() -> None:
    """Spec: a hostile token name in a tool result changes nothing the agent does, and is not said."""
    evil = {"wallet": "Evil", "action": "track"}
    replies = [asks(("token_report", {})), asks(("edit_wallet", evil)), says("Gut."), asks(("edit_wallet", evil))]
    brain, desk = make("de", *replies, says("Gut."))
    assert ask(brain, "was kostet das")[0] == ["Gut."]
    ask(brain, "ja")
    assert [name for name, _ in desk.calls] == ["token_report"]


def test_language_that_is_not_known_changes_nothing() -> None:
    """Our rule: a wrong yes is worse than none; the model tells the person what to do instead."""
    brain, desk = make("ja", asks(("edit_wallet", TRACK)), says("x"), asks(("edit_wallet", TRACK)), says("x"))
    assert ask(brain, "follow alpha") == (["x"], ENGLISH_ONLY)
    ask(brain, "yes")
    assert desk.calls == []


@pytest.mark.parametrize(
    ("language", "yes"),
    [
        ("de", "Ja!"),
        ("es", "Sí."),
        ("fr", "Oui, s'il te plaît."),
        ("it", "Sì, grazie."),
        ("nl", "Ja, graag."),
        ("pt-BR", "Sim."),
    ],
)
def test_each_language_has_a_question_and_a_yes(language: str, yes: str) -> None:
    """Our rule: the question names the change as the tool is told of it."""
    leave = leave_in(language)
    question = leave.question_about("edit_wallet", TRACK)
    assert "edit wallet, alpha, track" in question
    assert leave.is_offered(f"Gut. {question}", "edit_wallet", TRACK)
    assert leave.is_yes(yes)
    assert not leave.is_yes("yes")


def test_model_is_told_which_language_is_spoken() -> None:
    """Our rule: what is heard in one language is not answered in another."""
    assert manners("brief", "en") == manners("brief")
    assert manners("brief", "de").endswith("the language with the ISO 639-1 code 'de'; so do you.")
