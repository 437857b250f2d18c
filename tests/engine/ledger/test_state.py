"""The stored form of a fold."""

import pytest
from inline_snapshot import snapshot

from engine.ledger import FoldState, fold
from tests.engine.ledger.text import ledger


def test_state_is_canonical_json() -> None:
    """Our rule: canonical text, the same state gives the same bytes."""
    state = ledger("in 2", "buy 3 @ 5 [b 0>0, a 2>5]", "park 1", "sell 1 @ 9 fee 1").state
    assert state.to_json() == snapshot(
        '{"accounts":[["a",5],["b",0]],"acquisitions":2,"episode":[1,120,"s001#0",null,null,1,1,3,1,0,0,0,3,150000000,15000000,50000000,5000000,0,0,90000000,9000000,10000000,1000000,0,0],"gaps":0,"known":[["s001#0",120,1,3,1,150000000,15000000,0,0]],"last_at":240,"last_ref":"s003#0","parked":[["s001#0",120,1,1,1,50000000,5000000,0,0]],"totals":[0,3,2,1,0,0,1,0],"unknown":[["s000#0",60,0,2,2,null,null,0,0]],"version":1}'
    )


def test_state_of_another_version_is_refused_with_what_to_do() -> None:
    """STYLE 26: what was found, what was expected, next step."""
    text = ledger("buy 3 @ 5").state.to_json().replace('"version":1', '"version":0')
    with pytest.raises(ValueError, match=r"version 0, expected 1: rebuild it from the facts"):
        FoldState.from_json(text)


def test_folding_nothing_gives_the_empty_state() -> None:
    """Our rule: no events, no facts."""
    result = fold(None, ())
    assert result == (FoldState.empty(), (), (), ())
    assert FoldState.from_json(result.state.to_json()) == result.state


def test_known_quantity_includes_parked_lots() -> None:
    """DOMAIN §3: parked lots stay under the entity."""
    state = ledger("in 2", "buy 10 @ 5", "park 4", "sell 1 @ 9").state
    assert (state.known_quantity, state.holding) == (9, 7)
