"""Turn written text into text that sounds as people speak: amounts, tickers, times, addresses; and cut it to say it.

A number is never made more exact than it was written, and rounded only where nobody would say all of its digits.
Not responsible for whether a number is true (`voice.grounding`).
"""

import re
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

FIRST_CLAUSE_CHARS: Final = 24
"""An answer may begin with a clause of at least this length: the first sound comes sooner, and still sounds whole."""

_MARKDOWN: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"```.*?(?:```|$)", re.DOTALL), " "),
    (re.compile(r"!?\[([^\]]*)\]\([^)]*\)"), r"\1"),
    (re.compile(r"\bh(?:tt|xx)ps?://\S+|\bwww\.\S+|\S+\[\.\]\S+", re.IGNORECASE), "a link"),
    # The names of two launchpads look like addresses of sites, and are known as names.
    (
        re.compile(
            r"(?<![\w@.-])(?!(?:pump\.fun|bags\.fm)(?![\w/]))(?:[a-z0-9-]+\.)+"
            r"(?:com|io|net|org|xyz|fun|app|me|gg|co|fm|finance|ai|so|lol|info|site|top|link|click|ru|cn|dev|money|trade"
            r"|exchange|live|page|vip|cc|tv|ly)(?:/\S*)?(?![\w-])",
            re.IGNORECASE,
        ),
        "a link",
    ),
    (re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+", re.MULTILINE), ""),
    (re.compile(r"^\s*#+\s*", re.MULTILINE), ""),
    (re.compile(r"\*\*|__|[*`|]"), ""),
)
_NUMBER: Final = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_SCALES: Final = {"k": 3, "m": 6, "mm": 6, "b": 9, "bn": 9, "thousand": 3, "million": 6, "billion": 9}
_SCALE: Final = r"(?:\s?(?P<scale>thousand|million|billion|mm|bn|[kKmMbB])\b)?"
_SIGN: Final = r"(?P<sign>(?<![\w.)])[+\-−–])?"
_DOLLARS: Final = re.compile(rf"{_SIGN}\$(?P<after>[+\-−–])?(?P<number>{_NUMBER}){_SCALE}")
_USD: Final = re.compile(rf"{_SIGN}(?P<number>{_NUMBER}){_SCALE}\s?(?:USD|dollars)\b")
_PERCENT: Final = re.compile(rf"{_SIGN}(?P<number>{_NUMBER})\s?%")
_UNIT: Final = re.compile(rf"{_SIGN}(?P<number>{_NUMBER}){_SCALE}\s?(?P<unit>SOL|USDC|USDT|[A-Z][A-Z0-9]{{1,9}})\b")
_PLAIN: Final = re.compile(
    rf"(?<![\w.,$]){_SIGN}(?P<number>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d{{5,}}(?:\.\d+)?|\d+\.\d+){_SCALE}(?![\w%])"
)
_ADDRESS: Final = re.compile(r"(?<![1-9A-HJ-NP-Za-km-z])[1-9A-HJ-NP-Za-km-z]{32,90}(?![1-9A-HJ-NP-Za-km-z])")
_MOMENT: Final = re.compile(
    r"\b(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}:\d{2})(?::\d{2}(?:\.\d+)?)?)?(?:\s?(?:UTC|Z|\+00:00))?"
)
_CASHTAG: Final = re.compile(r"\$([A-Za-z][A-Za-z0-9]{1,11})\b")
_SPAN: Final = re.compile(r"\b(\d+)\s?(s|sec|min|h|hr|hrs|d|w)\b")
_SPANS: Final = {
    "s": "second", "sec": "second", "min": "minute", "h": "hour", "hr": "hour", "hrs": "hour", "d": "day", "w": "week",
}  # fmt: skip
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_PHRASES: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"\bP&L\b|\bPnL\b|\bPNL\b"), "P and L"),
    (re.compile(r"\bROI\b"), "return"),
    (re.compile(r"\b(\d+)\s?/\s?(\d+)\b"), r"\1 of \2"),
    (re.compile(r"(?<=\d)\s?[–—-]\s?(?=\d)"), " to "),
    (re.compile(r"[~≈]\s?(?=\d|\$)"), "about "),
    (re.compile(r"≥\s?|>=\s?"), "at least "),
    (re.compile(r"≤\s?|<=\s?"), "at most "),
    (re.compile(r"&"), " and "),
    (re.compile(r"(?<=\d)[x×]\b"), " times"),
    (re.compile(r"\s*[→⇒]\s*"), " to "),
)
_END: Final = re.compile(r"[.!?…][\"'”’)\]]*(?=\s)|\n+")
_CLAUSE: Final = re.compile(r"[,;:—][\"'”’)]*(?=\s)")
_NO_END: Final = re.compile(r"(?:\b(?:vs|approx|no|e\.g|i\.e|u\.s|mr|ms|dr|st)|\b[a-z])\.$", re.IGNORECASE)


def speakable(text: str) -> str:
    """Return a text as it should be read aloud; empty where nothing of it can be.

    >>> speakable("**Bonk** is up 12.34% at $0.0000213 with $1,234,567 of volume.")
    'Bonk is up 12.3 percent at point 4 zeros 2 1 3 of a dollar with 1.23 million dollars of volume.'
    """
    for pattern, instead in _MARKDOWN:
        text = pattern.sub(instead, text)
    text = _ADDRESS.sub(_address, text)
    text = _MOMENT.sub(_moment, text)
    text = _CASHTAG.sub(lambda found: _ticker(found[1]), text)
    text = _SPAN.sub(_span, text)
    for pattern, say in _AMOUNTS:
        text = pattern.sub(say, text)
    for pattern, instead in _PHRASES:
        text = pattern.sub(instead, text)
    return re.sub(r"\s+", " ", text).strip()


def money(usd: Decimal) -> str:
    """Return an amount of dollars as a person says it.

    >>> money(Decimal("12345.67"))
    '12.3 thousand dollars'
    """
    if usd and abs(usd) < Decimal("0.01"):
        return f"{_minus(usd)}{_tiny(abs(usd))} of a dollar"
    if abs(usd) < 1 and usd:
        return f"{_quantity(usd * 100)} cents"
    return f"{_quantity(usd)} dollars"


class Sentences:
    """Cut a text that is still being written into what can be said already."""

    def __init__(self) -> None:
        self._rest = ""
        self._has_begun = False

    def feed(self, text: str) -> list[str]:
        """Return what has become complete: sentences, and first of all a clause that is long enough."""
        self._rest += text
        found: list[str] = []
        while (end := self._end()) is not None:
            piece, self._rest = self._rest[:end].strip(), self._rest[end:]
            if piece:
                found.append(piece)
                self._has_begun = True
        return found

    def end(self) -> str:
        """Return what is left when nothing more is written."""
        piece, self._rest = self._rest.strip(), ""
        return piece

    def _end(self) -> int | None:
        ends = [found.end() for found in _END.finditer(self._rest) if not _NO_END.search(self._rest[: found.end()])]
        if not self._has_begun:
            clauses = [found.end() for found in _CLAUSE.finditer(self._rest)]
            ends += [end for end in clauses if end >= FIRST_CLAUSE_CHARS]
        return min(ends, default=None)


def _value(found: re.Match[str]) -> Decimal:
    groups = found.groupdict()
    value = Decimal(groups["number"].replace(",", "")) * 10 ** _SCALES.get((groups.get("scale") or "").lower(), 0)
    negative = any(sign in {"-", "−", "–"} for sign in (groups.get("sign"), groups.get("after")))
    return -value if negative else value


def _signed(found: re.Match[str], say: str) -> str:
    return f"plus {say}" if found.groupdict().get("sign") == "+" else say


def _dollars(found: re.Match[str]) -> str:
    return _signed(found, money(_value(found)))


def _percent(found: re.Match[str]) -> str:
    return _signed(found, f"{_quantity(_value(found))} percent")


def _unit(found: re.Match[str]) -> str:
    return _signed(found, f"{_quantity(_value(found))} {_ticker(found['unit'])}")


def _plain(found: re.Match[str]) -> str:
    return _signed(found, _quantity(_value(found)))


_AMOUNTS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...]] = (
    (_DOLLARS, _dollars),
    (_USD, _dollars),
    (_PERCENT, _percent),
    (_UNIT, _unit),
    (_PLAIN, _plain),
)


def _quantity(value: Decimal) -> str:
    """Return a number with three digits that count, or whole up to ten thousand."""
    size = abs(value)
    for scale, word in ((9, "billion"), (6, "million"), (3, "thousand")):
        if size >= 10**scale and (scale > 3 or size >= 10_000):  # noqa: PLR2004 - "1,235" is said whole
            return f"{_minus(value)}{_digits(size.scaleb(-scale))} {word}"
    if size and size < Decimal("0.01"):
        return f"{_minus(value)}{_tiny(size)}"
    return f"{_minus(value)}{_digits(size)}"


def _digits(size: Decimal) -> str:
    """Return a number below ten thousand with three digits that count, and never fewer than its whole part has."""
    if not size:
        return "0"
    places = max(0, 2 - size.adjusted())
    rounded = size.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    text = f"{rounded:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _tiny(size: Decimal) -> str:
    """Return a small number by its zeros: 0.0000213 is "point four zeros 2 1 3"."""
    rounded = size.quantize(Decimal(1).scaleb(size.adjusted() - 2), ROUND_HALF_EVEN)
    zeros = -rounded.adjusted() - 1
    digits = "".join(map(str, rounded.as_tuple().digits)).rstrip("0")
    return f"point {zeros} zeros {' '.join(digits)}"


def _minus(value: Decimal) -> str:
    return "minus " if value < 0 else ""


def _ticker(symbol: str) -> str:
    """Return a symbol as a word where it can be one, spelled where it cannot."""
    if symbol.upper() in {"USDC", "USDT"}:
        return f"U S D {symbol[-1].upper()}"
    letters = symbol.isalpha()
    if letters and symbol.isupper() and re.search(r"[AEIOUY]", symbol):
        return symbol.capitalize()
    return " ".join(symbol) if letters and symbol.isupper() else symbol


def _address(found: re.Match[str]) -> str:
    return f"the address ending in {' '.join(found[0][-4:])}"


def _moment(found: re.Match[str]) -> str:
    year, month, day, time = found.groups()
    if not 1 <= int(month) <= len(_MONTHS):
        return found[0]
    date = f"{_MONTHS[int(month) - 1]} {int(day)}"
    return f"{date}, {time} U T C" if time else f"{date}, {year}"


def _span(found: re.Match[str]) -> str:
    word = _SPANS[found[2]]
    return f"{found[1]} {word}" if found[1] == "1" else f"{found[1]} {word}s"
