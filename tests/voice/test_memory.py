"""What is remembered is always a valid conversation, within its budget, and holds what was heard."""

from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.mind import tool_ids
from voice.memory import CUT, NOTHING_HEARD, OLD_RESULT_CHARS, Call, Conversation, Exchange, Turn, messages_of, told

calls = st.builds(
    Call,
    id=st.uuids().map(str),
    name=st.sampled_from(["search", "wallet_report"]),
    arguments=st.just({"wallet": "x"}),
    result=st.text(max_size=40),
    is_error=st.booleans(),
)
exchanges = st.builds(Exchange, text=st.text(max_size=20), calls=st.lists(calls, min_size=1, max_size=3).map(tuple))
turns = st.builds(
    Turn,
    question=st.text(min_size=1, max_size=40),
    exchanges=st.lists(exchanges, max_size=3).map(tuple),
    answer=st.text(max_size=40),
    is_cut=st.booleans(),
)


@given(st.text(max_size=30), st.lists(turns, max_size=5), turns)
def test_every_call_is_followed_by_its_result_and_roles_alternate(
    summary: str, past: list[Turn], current: Turn
) -> None:
    """Spec: never a dangling tool call in the history."""
    conversation = Conversation(summary=summary)
    for turn in past:
        conversation = conversation.with_turn(turn)
    messages = messages_of(conversation, current)
    assert [message["role"] for message in messages] == ["user", "assistant"] * (len(messages) // 2) + ["user"]
    for message, following in zip(messages, [*messages[1:], None], strict=True):
        assert tool_ids([message])[0] == ([] if following is None else tool_ids([following])[1])
    assert all(message["content"] for message in messages)


def test_interrupted_answer_is_remembered_as_far_as_it_was_heard() -> None:
    """Spec: barge-in mid-sentence: history keeps only what was heard."""
    cut = Conversation(turns=(Turn(question="how is Bonk", answer="Bonk looks", is_cut=True),))
    silent = Conversation(turns=(Turn(question="how is Bonk", is_cut=True),))
    assert messages_of(cut, Turn(question="go on"))[1]["content"][0]["text"] == "Bonk looks" + CUT
    assert messages_of(silent, Turn(question="go on"))[1]["content"][0]["text"] == NOTHING_HEARD


def test_results_of_earlier_tools_are_kept_in_short() -> None:
    """Our rule: a follow-up needs the gist; the whole can be asked for again."""
    call = Call(id="c1", name="search", arguments={}, result="x" * 5_000)
    first = Turn(question="one", exchanges=(Exchange(text="", calls=(call,)),), answer="done")
    conversation = Conversation().with_turn(first)
    assert conversation.turns[0].exchanges[0].calls[0].result == "x" * 5_000
    aged = conversation.with_turn(Turn(question="two", answer="done")).turns[0].exchanges[0].calls[0].result
    assert len(aged) < OLD_RESULT_CHARS + 80


@given(st.lists(turns, max_size=12), st.integers(1, 200))
def test_summary_brings_the_conversation_below_its_budget(past: list[Turn], budget: int) -> None:
    """Spec: conversation memory with a budget; the last turn stays, since a follow-up refers to it."""
    conversation = Conversation(turns=tuple(past))
    oldest = conversation.overflow(budget)
    assert bool(oldest) is (conversation.tokens > budget and len(past) > 1)
    left = conversation.summarized(oldest, "short")
    if oldest:
        assert left.tokens <= max(budget // 2, past[-1].tokens) + len("short")
    assert left.turns == tuple(past[oldest:])


def test_forgetting_leaves_no_trace_of_the_last_turn() -> None:
    """Spec: forgettable: "forget that"."""
    turn = Turn(question="my secret", answer="I see")
    assert Conversation().with_turn(turn).without_last() == Conversation()


def test_whoever_summarizes_reads_what_was_heard() -> None:
    """Our rule: the summary is of the conversation as the person knows it."""
    past = (Turn(question="one", answer="first"), Turn(question="two", is_cut=True), Turn(question="three"))
    text = told(Conversation(summary="zero", turns=past), 2)
    assert text == f"Before: zero\nUser: one\nAssistant: first\nUser: two\nAssistant: {NOTHING_HEARD}"
