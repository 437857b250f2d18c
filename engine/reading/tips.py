"""Known tip accounts: lamports sent there buy inclusion in a block, not tokens.

The list is open: add an address under its service. Not responsible for venue or terminal fee accounts.
Sources: each service's own documentation of where to send tips.
"""

from typing import Final

_BY_SERVICE: Final[dict[str, tuple[str, ...]]] = {
    "Jito": (
        "96gYZGLnJYVFmbjzopPSU6QiEV5fGqZNyN9nmNhvrZU5",
        "HFqU5x63VTqvQss8hp11i4wVV8bD44PvwucfZ2bU7gRe",
        "Cw8CFyM9FkoMi7K7Crf6HNQqf4uEMzpKw6QNghXLvLkY",
        "ADaUMid9yfUytqMBgopwjb2DTLSokTSzL1zt6iGPaS49",
        "DfXygSm4jCyNCybVYYK6DwvWqjKee8pbDmJGcLWNDXjh",
        "ADuUkR4vqLUMWXxW9gh6D6L8pMSawimctcNZ5pGwDcEt",
        "DttWaMuVvTiduZRnguLF7jNxTgiMBZ1hyAumKUiL2KRL",
        "3AVi9Tg9Uo68tJfuvoKvqKNWKkC5wPdSSdeBnizKZ6jT",
    ),
    "bloXroute": (
        "HWEoBxYs7ssKuudEjzjmpfJVX7Dvi7wescFsVx2L5yoY",
        "7ks326H4LbMVaUC8nW5FpC5EoAf5eK5pf4Dsx4HDQLpq",
        "6GZVKMaoWry4UFiydjeQU9nmAxj3hEARAStQ7Hc2z6TB",
    ),
    "NextBlock": ("NexTBLockJYZ7QD7p2byrUa6df8ndV2WSd8GkbWqfbb",),
    "0slot": ("Eb2KpSC8uMt9GmzyAEm5Eb1AAAgTjRaXWFjKyFXHZxF3",),
}

TIP_ACCOUNTS: Final = frozenset(address for addresses in _BY_SERVICE.values() for address in addresses)
