"""Know what wallets and tokens are called, to hear their names, to say them, and to look them up before the model asks.

Pure. Not responsible for asking anybody (`voice.crew`).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, cast

from voice.strangers import is_name, keywords

VOCABULARY: Final = (
    "Aura", "Solana", "SOL", "USDC", "USDT", "Bonk", "Jupiter", "Raydium", "Orca", "Meteora", "Phantom", "Helius",
    "memecoin", "airdrop", "mint", "wallet", "PnL", "ROI", "slippage", "liquidity", "lamports", "whale", "rug",
)  # fmt: skip
MAX_KEYWORDS: Final = 100
MAX_LOOKUPS: Final = 2
"""Names in one question that are looked up ahead."""


class Lookup(NamedTuple):
    """A tool that tells about a name, and what it is to be asked about."""

    tool: str
    subject: str


SHORTEST: Final = 3
COMMON: Final = frozenset(
    {
        "the", "and", "for", "are", "was", "were", "who", "what", "when", "where", "why", "how", "which", "that",
        "this", "with", "from", "has", "had", "have", "does", "did", "you", "your", "our", "they", "them", "his",
        "her", "its", "not", "but", "all", "any", "one", "two", "can", "will", "would", "should", "about", "today",
        "now", "wallet", "token", "price", "buy", "sell", "bought", "sold", "best", "worst", "most", "more", "much",
        "many", "show", "tell", "give", "make", "made", "good", "bad", "trade", "trades", "news", "sol",
    }
)  # fmt: skip
"""Anybody can call a token "How": these words are not taken for its name, though the token can be asked about."""

AMBIGUOUS: Final = Lookup("", "")


class Names:
    """Nicknames of wallets and symbols of tokens, by address."""

    def __init__(self) -> None:
        self.by_address: dict[str, str] = {}
        self._lookups: dict[str, Lookup] = {}

    def learn_wallets(self, document: object) -> None:
        """Learn from `aura://wallets`, or from anything that lists wallets with `address` and `nickname`."""
        for fields in _objects_in(document):
            address, nickname = fields.get("address"), fields.get("nickname")
            if isinstance(address, str) and isinstance(nickname, str):
                self.by_address[address] = nickname
                self._lookups[_plain(nickname)] = Lookup("wallet_report", nickname)

    def learn_tokens(self, document: object) -> None:
        """Learn symbols from a `mint` with its `untrusted_symbol`, or from `untrusted_symbols` by mint.

        Only words are taken, never sentences. A symbol that two tokens share is looked up for neither.
        """
        for fields in _objects_in(document):
            self._learn_token(fields.get("mint"), fields.get("untrusted_symbol"))
            symbols = fields.get("untrusted_symbols")
            if isinstance(symbols, Mapping):
                for mint, symbol in cast("Mapping[object, object]", symbols).items():
                    self._learn_token(mint, symbol)

    def keywords(self) -> list[str]:
        """Return the words that a transcription should expect, names first."""
        return keywords([*self.by_address.values(), *VOCABULARY], MAX_KEYWORDS)

    def heard_in(self, text: str) -> list[Lookup]:
        """Return what tells about the names that are spoken in a text, those named first first."""
        words = f" {_plain(text)} "
        found = [(words.find(f" {name} "), lookup) for name, lookup in self._lookups.items() if f" {name} " in words]
        found = [(at, lookup) for at, lookup in found if lookup != AMBIGUOUS]
        return [lookup for _, lookup in sorted(found, key=lambda each: each[0])][:MAX_LOOKUPS]

    def _learn_token(self, mint: object, symbol: object) -> None:
        if not isinstance(mint, str) or not isinstance(symbol, str):
            return
        if not keywords([symbol], 1) or not is_name(symbol):
            return
        self.by_address[mint] = symbol
        if _plain(symbol) in COMMON or len(symbol) < SHORTEST:
            return
        lookup = Lookup("token_report", mint)
        known = self._lookups.setdefault(_plain(symbol), lookup)
        if known != lookup and known.tool == lookup.tool:
            self._lookups[_plain(symbol)] = AMBIGUOUS


def _plain(text: str) -> str:
    return " ".join("".join(letter if letter.isalnum() else " " for letter in text.lower()).split())


def _objects_in(value: object) -> list[Mapping[str, Any]]:
    """Return every object of a document, at any depth."""
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, Any]", value)
        return [fields, *(inner for each in fields.values() for inner in _objects_in(each))]
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [inner for each in cast("Sequence[object]", value) for inner in _objects_in(each)]
    return []
