"""What Claude replies, as a test writes it: blocks of words and of calls, or a function of what it was asked."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Block = Mapping[str, Any]
Reply = Sequence[Block] | Callable[[dict[str, Any]], Sequence[Block]]


def text(words: str) -> Block:
    """Return a block of words."""
    return {"type": "text", "text": words}


def tool(name: str, **arguments: object) -> Block:
    """Return a block that calls a tool."""
    return {"type": "tool_use", "id": f"toolu_{name}", "name": name, "input": arguments}


def thought(words: str, signature: str = "EqQBCkYIBRgC+signed==") -> Block:
    """Return a block of thoughts, signed; the words may be left out."""
    return {"type": "thinking", "thinking": words, "signature": signature}


def sealed(data: str = "EmwKAhgBEgy+sealed==") -> Block:
    """Return a block of thoughts that nobody but the provider can read."""
    return {"type": "redacted_thinking", "data": data}


def results_of(body: Mapping[str, Any]) -> list[str]:
    """Return what the tools said that a request ends with; none where it ends with a question."""
    blocks: list[dict[str, Any]] = body["messages"][-1]["content"]
    return [str(block["content"]) for block in blocks if block["type"] == "tool_result"]


def obeying(first: Sequence[Block], tools: Sequence[str]) -> Reply:
    """Return a model that obeys whatever the results of its first calls say, in every way it can think of.

    It calls each of `tools` for every text that it read, and says all of these texts, whatever they are.
    """

    def reply(body: dict[str, Any]) -> Sequence[Block]:
        results = results_of(body)
        if not results:
            return first
        texts = list(dict.fromkeys(found for result in results for found in re.findall(r'"((?:[^"\\]|\\.)+)"', result)))
        said = text(" ".join(f"{found}." for found in texts))
        if body["messages"][-2]["content"][-1]["name"] != first[-1]["name"]:
            return [said]
        calls = [
            {"type": "tool_use", "id": f"toolu_{name}_{number}", "name": name, "input": _arguments(found)}
            for number, found in enumerate(texts)
            for name in tools
        ]
        return [said, *calls]

    return reply


def _arguments(found: str) -> dict[str, object]:
    words = found.split()
    return {"wallet": words[-1], "action": words[0].lower(), "nickname": found, "token": found, "minutes": 60}
