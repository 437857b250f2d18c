"""How long what took: each stage is counted from the one before, and a guess that was ready took no time."""

from voice.stages import Stage, Stages


def test_stages_add_up_to_the_total() -> None:
    """Spec: latency of each stage."""
    stages = Stages()
    reached: dict[Stage, float] = {
        "released": 10.0, "heard": 10.3, "thought": 10.8, "voiced": 10.9, "audible": 10.905,
    }  # fmt: skip
    for stage, at_s in reached.items():
        stages.reach(stage, at_s)
    assert stages.as_ms() == {"hear": 300, "think": 500, "speak": 100, "play": 5, "total": 905}


def test_stage_that_a_guess_had_reached_before_took_no_time() -> None:
    """Our rule: what counts is what the person waited for."""
    stages = Stages()
    stages.reach("thought", 9.0)
    stages.reach("voiced", 9.2)
    asked = Stages()
    asked.reach("released", 10.0)
    asked.reach("heard", 10.3)
    stages.take(asked)
    stages.reach("audible", 10.31)
    stages.reach("audible", 99.0)
    assert stages.as_ms() == {"hear": 300, "think": 0, "speak": 0, "play": 10, "total": 310}


def test_news_has_no_stages() -> None:
    """Our rule: nobody waited for it."""
    stages = Stages()
    stages.reach("voiced", 1.0)
    assert stages.as_ms() == {}
