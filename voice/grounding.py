"""Hold every number that is about to be spoken against what the tools said and what the person said.

A number is supported when a fact, rounded as the number is written, is that number; signs, thousands, percent of a
ratio and counts of a list are understood. Sums and guesses are not: whoever wants them said asks a tool for them.
Not responsible for words, which carry no figures here.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Final, cast

from voice.strangers import PREFIX

UNCONFIRMED: Final = "a figure I could not confirm"

SMALL: Final = 3
"""Numbers up to this count things in a sentence ("two wallets", "3 reasons"): saying one claims no figure."""

_ROUNDED_DIGITS: Final = 4
_SCALES: Final = {"k": 3, "m": 6, "mm": 6, "b": 9, "bn": 9, "thousand": 3, "million": 6, "billion": 9}
_FIGURE: Final = re.compile(
    r"(?<![\w.])[$+\-−–]{0,2}(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?:\s?(?P<scale>thousand|million|billion|mm|bn|[kKmMbB])\b)?"
    r"(?P<percent>\s?(?:%|percent\b))?"
    r"(?P<unit>\s?(?:cents?\b|dollars?\b|USD\b|SOL\b))?",
)
_IN_TEXT: Final = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?(?:[eE][+-]?\d+)?")
_ADDRESS: Final = re.compile(r"[1-9A-HJ-NP-Za-km-z]{32,90}")
_MOMENT: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?|\b\d{1,2}:\d{2}(?::\d{2})?\b"
    r"|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.? \d{1,2}(?:,? \d{4})?"
)


class Facts:
    """The numbers that have been said by tools and by the person, in one conversation."""

    def __init__(self) -> None:
        self._values: set[Decimal] = {Decimal(0)}
        self._moments: set[Decimal] = set()

    def learn_result(self, result: object) -> None:
        """Learn every number in a tool's result: values, numbers inside of texts, lengths of lists, times."""
        for value, is_moment in _numbers_in(result):
            (self._moments if is_moment else self._values).add(abs(value))

    def learn_words(self, text: str) -> None:
        """Learn every number that the person, or the agent's own line, has said."""
        for figure in _figures(text):
            known = self._moments if figure.is_moment else self._values
            known.update((figure.value, figure.value / 100))

    def support(self, figure: "Figure") -> bool:
        """Tell whether a fact, rounded as the figure is written, is that figure; a percentage may be of a ratio."""
        if figure.is_moment:
            return figure.value in self._moments
        factors = (1, 100) if figure.is_percent else (1,)
        return any(_rounds_to(fact * factor, figure.value, figure.step) for factor in factors for fact in self._values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number in a text: where it stands, what it says, and to which step it is written."""

    start: int
    end: int
    value: Decimal
    step: Decimal
    is_percent: bool
    is_moment: bool
    is_bare: bool


def unsupported(text: str, facts: Facts) -> list[Figure]:
    """Return the figures of a text that no fact supports, in order."""
    return [
        figure
        for figure in _figures(text)
        if not (figure.is_bare and figure.value <= SMALL) and not facts.support(figure)
    ]


def confirmed(text: str, facts: Facts) -> tuple[str, list[str]]:
    """Return a sentence that claims no unsupported figure, and the figures that were taken out of it."""
    wrong = unsupported(text, facts)
    for figure in reversed(wrong):
        text = f"{text[: figure.start]}{UNCONFIRMED}{text[figure.end :]}"
    return text, [f"{figure.value.normalize():f}" for figure in wrong]


def parsed(text: str) -> object:
    """Return the value of a text that is JSON itself, None where it is not."""
    if text.strip()[:1] not in {"{", "["}:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


def _figures(text: str) -> Iterator[Figure]:
    masked = _ADDRESS.sub(lambda found: "_" * len(found[0]), text)
    moments = [found.span() for found in _MOMENT.finditer(masked)]
    for found in _FIGURE.finditer(masked):
        number = Decimal(found["number"].replace(",", ""))
        power = _SCALES.get((found["scale"] or "").lower(), 0)
        step = Decimal(1).scaleb(_last_place(found["number"]) + power)
        value = number.scaleb(power)
        if (found["unit"] or "").strip().startswith("cent"):
            value, step = value / 100, step / 100
        is_bare = not (power or found["percent"] or found["unit"] or "$" in found[0] or "." in found["number"])
        yield Figure(
            start=found.start(),
            end=found.end(),
            value=value,
            step=step,
            is_percent=bool(found["percent"]),
            is_moment=any(start <= found.start("number") < end for start, end in moments),
            is_bare=is_bare,
        )


def _last_place(number: str) -> int:
    """Return the power of ten of the last digit that is meant: "1,200" may be said of 1,187."""
    digits = number.replace(",", "")
    if "." in digits:
        return -len(digits.partition(".")[2])
    # Below a thousand people count: "100 trades" are not 117.
    return len(digits) - len(digits.rstrip("0")) if len(digits) >= _ROUNDED_DIGITS else 0


def _rounds_to(fact: Decimal, value: Decimal, step: Decimal) -> bool:
    if fact == value:
        return True
    if abs(fact - value) > step:
        return False
    # 12.9 may be cut to 12; who rounds up half does not lie either.
    modes = (ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_DOWN)
    return any((fact / step).quantize(Decimal(1), mode) * step == value for mode in modes)


def _numbers_in(value: object) -> Iterator[tuple[Decimal, bool]]:
    """Yield every number of a value, and whether it is a part of a time."""
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, int | float | Decimal):
        yield Decimal(str(value)), False
    elif isinstance(value, str):
        yield from _numbers_of_text(value)
    elif isinstance(value, Mapping):
        # A figure in a stranger's name supports nothing.
        fields = cast("Mapping[str, object]", value).items()
        yield from _each(inner for key, inner in fields if not key.startswith(PREFIX))
    elif isinstance(value, Sequence):
        items = cast("Sequence[object]", value)
        yield Decimal(len(items)), False
        yield from _each(items)


def _each(values: Iterable[object]) -> Iterator[tuple[Decimal, bool]]:
    for value in values:
        yield from _numbers_in(value)


def _numbers_of_text(text: str) -> Iterator[tuple[Decimal, bool]]:
    inner = parsed(text)
    if inner is not None:
        yield from _numbers_in(inner)
        return
    plain = _ADDRESS.sub(" ", text)
    for moment in _MOMENT.finditer(plain):
        yield from ((Decimal(part), True) for part in re.findall(r"\d+", moment[0]))
    for found in _IN_TEXT.finditer(_MOMENT.sub(" ", plain)):
        yield Decimal(found[0].replace(",", "")), False
