"""Conversations from the microphone to the speaker: real devices, processes, SDKs and tools; scripted minds."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.fakes.ear import RATE, loudness_at
from tests.fakes.sound import SoundCard, noise
from tests.fakes.voice.replies import results_of, tool
from tests.fakes.voice.script import Pace, Saying
from tests.fakes.voice.sound import TONE_HZ
from tests.voice.devices._news import whale_trade
from tests.voice.devices._talking import Talk, asked_after

Spoken = Callable[[str], Path]

WHO: str = "who leads"
REAL_TIME: Pace = Pace(chunk_s=0.1)
WRONG_HZ: int = 1_000
"""The pitch of words that nobody may hear; no overtone of the other voice."""

QUIET: int = 400
AUDIBLE: int = 4_000


def test_a_plain_question_is_answered_aloud(talk: Talk, spoken: Spoken) -> None:
    """Spec: a plain question; what is said is what the model wrote."""
    talk.answers("how are you", "I am well, and I listen.")
    before = talk.turns
    released = talk.ask("how are you", spoken("how are you"))
    turn = talk.next_turn(before)
    talk.room.wait_for_sound(released)
    assert turn["question"] == "how are you"
    assert turn["answer"] == "I am well, and I listen."
    assert not turn["is_cut"]
    assert {"hear", "think", "speak", "total"} <= set(turn["stages_ms"])
    assert talk.script.heard[0].by == "realtime"
    talk.terminal.wait_for("I am well, and I listen.")


def test_an_answer_rests_on_a_real_tool(talk: Talk, spoken: Spoken) -> None:
    """Spec: a tool call; a number that no tool gave is not said."""
    talk.answers(WHO, [tool("top_wallets")], "The best wins 89.47% of its trades. It made $4,321.")
    turn = talk.ask_and_listen(WHO, spoken(WHO))
    assert turn["tools"] == ["top_wallets"]
    assert "89.5 percent" in talk.everything_spoken()
    assert "4,321" not in turn["answer"]
    assert "NULLioEUhd89Jo5Acm9sX88bwjNjrsAVy6KWkXD7qZh" in results_of(talk.script.asked[-1])[0]


def test_two_tools_run_side_by_side(talk: Talk, spoken: Spoken) -> None:
    """Spec: two tools in one round."""
    talk.answers(WHO, [tool("top_wallets"), tool("system_status")], "You follow nobody yet.")
    turn = talk.ask_and_listen(WHO, spoken(WHO))
    assert sorted(turn["tools"]) == ["system_status", "top_wallets"]
    assert len(results_of(talk.script.asked[-1])) == 2
    assert turn["answer"] == "You follow nobody yet."


def test_a_follow_up_knows_what_was_said(talk: Talk, spoken: Spoken) -> None:
    """Spec: "and the second one?" refers to the last results."""
    talk.answers(WHO, [tool("top_wallets")], "The first one.")
    talk.answers("and then", "The second one.")
    talk.ask_and_listen(WHO, spoken(WHO))
    talk.ask_and_listen("and then", spoken("and then"))
    history = str(talk.script.asked[-1]["messages"])
    assert WHO in history
    assert "The first one." in history
    assert "NULLioEUhd89Jo5Acm9sX88bwjNjrsAVy6KWkXD7qZh" in history


def test_barge_in_is_silent_at_once_and_remembers_only_what_was_heard(talk: Talk, spoken: Spoken) -> None:
    """Spec: barge-in mid-sentence; the history keeps only what was heard."""
    talk.script.pace = REAL_TIME
    talk.answers(WHO, "First sentence here. Second sentence is here. Zebra sentence comes third.")
    talk.answers("stop", "As you wish.")
    before = talk.turns
    released = talk.ask(WHO, spoken(WHO))
    # Well into the second sentence.
    heard = talk.room.wait_for_sound(released)
    talk.room.wait_for_sound(heard + int(2.0 * RATE))
    talk.hold()
    pressed = talk.room.now()
    silent = talk.room.wait_for_silence(pressed, 0.3)
    assert silent - pressed < 0.4 * RATE
    cut = talk.next_turn(before)
    assert cut["is_cut"]
    assert cut["answer"].startswith("First sentence here.")
    assert "Zebra" not in cut["answer"]
    talk.script.sayings.append(Saying("stop"))
    talk.card.say(spoken("stop"))
    talk.terminal.release()
    assert talk.next_turn(before + 1)["answer"] == "As you wish."
    assert "Zebra" not in str(talk.script.asked[-1]["messages"])
    assert "First sentence here." in str(talk.script.asked[-1]["messages"])


def test_a_guess_that_was_wrong_is_never_heard(talk: Talk, spoken: Spoken) -> None:
    """Spec: a speculative start is confirmed by the final transcript; what was thought before is never said.

    The voice is given the words of a guess ahead; the room must hear none of them, at any time.
    """
    words = ["how", "is", "bonk", "doing", "against", "wif"]
    question, wrong, right = " ".join(words), "Zebra, zebra, zebra, zebra.", "Wif is better."
    for count in range(1, len(words)):
        talk.answers(" ".join(words[:count]), wrong)
    talk.answers(question, right)
    talk.script.pitches["ebra"] = WRONG_HZ
    talk.script.sayings.append(Saying(question, word_s=0.15))
    before, start = talk.turns, talk.quiet_room()
    talk.hold()
    talk.card.say(spoken("how is"))
    talk.wait_for_voice()
    talk.card.say(spoken("bonk doing against wif"))
    released = talk.room.now()
    talk.terminal.release()
    assert talk.next_turn(before)["answer"] == right
    assert np.abs(talk.room.recording(start, released)).max() < QUIET
    assert loudness_at(talk.room.recording(start), WRONG_HZ) < QUIET
    assert loudness_at(talk.room.recording(start), TONE_HZ) > AUDIBLE
    answers = {context: talk.script.spoken_in(context).strip() for context, _ in talk.script.spoken}
    assert "ebra" in next(iter(answers.values()))
    assert [answer for answer in answers.values() if "ebra" not in answer] == [right]
    assert list(answers.values())[-1] == right


def test_news_is_said_when_nobody_speaks(talk: Talk, tmp_path: Path) -> None:
    """Spec: a followed wallet's large trade is spoken when idle."""
    before, since = talk.turns, talk.room.now()
    whale_trade(tmp_path, talk.environment, "news-idle", sol=150)
    news = talk.next_turn(before)
    talk.room.wait_for_sound(since)
    assert news["question"] is None
    assert news["answer"].startswith("Alice just bought $15,000 of")


def test_news_waits_while_an_answer_is_said(talk: Talk, spoken: Spoken, tmp_path: Path) -> None:
    """Spec: alert while speaking; never two voices at once."""
    talk.script.pace = REAL_TIME
    talk.answers(WHO, "A long answer that goes on and on, so that there is time for something to happen meanwhile.")
    before = talk.turns
    released = talk.ask(WHO, spoken(WHO))
    talk.room.wait_for_sound(released)
    whale_trade(tmp_path, talk.environment, "news-busy", sol=160)
    assert talk.next_turn(before)["question"] == WHO
    assert talk.next_turn(before + 1)["answer"].startswith("Alice just bought $16,000 of")
    # Two tones at once would be twice as loud as one.
    assert np.abs(talk.room.recording(released)).max() < 12_000


def test_silence_and_noise_ask_nothing(talk: Talk, sound: SoundCard, tmp_path: Path) -> None:
    """Spec: silence, noise: the transcription hears no words, and the agent listens again."""
    for wav in (None, noise(tmp_path)):
        since = len(talk.log.read())
        talk.hold()
        if wav is None:
            talk.room.wait_for_silence(talk.room.now(), 0.3)
        else:
            sound.say(wav)
        talk.terminal.release()
        talk.wait_for_phase("listening", since)
    assert talk.script.asked == []
    assert talk.everything_spoken() == ""


@pytest.mark.timeout(120)
def test_a_key_held_for_a_minute_loses_nothing(talk: Talk, spoken: Spoken) -> None:
    """Spec: a key held for a minute: all of it is transcribed, and answered."""
    talk.answers(WHO, "That was long.")
    talk.script.sayings.append(Saying(WHO))
    before = talk.turns
    talk.hold()
    start = talk.room.now()
    while talk.room.now() - start < 60 * RATE:
        talk.card.say(spoken("and the one that made the most of it"))
    held_s = (talk.room.now() - start) / RATE
    talk.terminal.release()
    assert talk.next_turn(before)["answer"] == "That was long."
    (heard,) = talk.script.heard
    assert len(heard.pcm) / 2 / heard.rate_hz == pytest.approx(held_s, abs=0.6)


def test_twenty_turns_in_a_row(talk: Talk, spoken: Spoken) -> None:
    """Spec: 20 turns in a row; each is answered, none is lost, nothing piles up."""
    for number in range(20):
        question = f"why {number}"
        talk.answers(question, f"Yes, {number}.")
        turn = talk.ask_and_listen(question, spoken("why"))
        assert (turn["question"], turn["answer"]) == (question, f"Yes, {number}.")
    assert [heard.text for heard in talk.script.heard] == [f"why {number}" for number in range(20)]
    assert not [line for line in talk.log.read() if line["level"] == "error"]
    assert asked_after(talk.script.asked[-1], "why 18") == "Yes, 18."
