"""The smallest `getTransaction` result that can be read: somebody sends SOL."""

import json
from typing import Any

from tests.aura_mcp._facts import START, address, signature

SYSTEM_PROGRAM = "1" * 32


def transfer(lamports: int = 1_000, sender: str = "alice", receiver: str = "bob", name: str = "t1") -> dict[str, Any]:
    """Return a transaction that sends lamports; its fee is one signature's."""
    fee = 5_000
    return {
        "slot": 350_000_000,
        "blockTime": START,
        "meta": {
            "err": None,
            "fee": fee,
            "preBalances": [10**9, 10**9, 1],
            "postBalances": [10**9 - lamports - fee, 10**9 + lamports, 1],
            "preTokenBalances": [],
            "postTokenBalances": [],
            "innerInstructions": [],
            "logMessages": [],
            "loadedAddresses": {"writable": [], "readonly": []},
        },
        "transaction": {
            "signatures": [signature(name)],
            "message": {
                "accountKeys": [address(sender), address(receiver), SYSTEM_PROGRAM],
                "header": {
                    "numRequiredSignatures": 1,
                    "numReadonlySignedAccounts": 0,
                    "numReadonlyUnsignedAccounts": 1,
                },
                "instructions": [{"programIdIndex": 2, "accounts": [0, 1], "data": "3Bxs4h24hBtQy9rw"}],
                "recentBlockhash": SYSTEM_PROGRAM,
            },
        },
        "version": "legacy",
    }


def text_of(transaction: object) -> bytes:
    """Return the JSON text."""
    return json.dumps(transaction).encode()
