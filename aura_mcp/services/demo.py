"""Show the main job on the recording that ships with the package: real facts, no network.

Not responsible for a place to work in: the caller brings an empty database.
"""

from dataclasses import dataclass
from importlib import resources
from typing import Final

from aura_mcp.services.boards import Boards
from aura_mcp.services.imports import Imported, Imports
from aura_mcp.services.leaderboard import Leaderboard
from aura_mcp.services.provenance import Audit, Provenance
from aura_mcp.services.questions import BoardQuestion, WalletQuestion
from aura_mcp.services.steps import Progress
from aura_mcp.services.verification import Verification, Verified
from aura_mcp.services.wallets import WalletReport, Wallets

RECORDING: Final = "recording.jsonl.gz"
BOARD_LENGTH: Final = 8
LIST_LENGTH: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Demonstration:
    """A leaderboard, its first wallet, one result of that wallet down to its signatures, and the check of it all."""

    imported: Imported
    leaderboard: Leaderboard
    wallet: WalletReport
    audit: Audit
    verified: Verified


class Demo:
    """The main job, once through."""

    def __init__(
        self,
        imports: Imports,
        boards: Boards,
        wallets: Wallets,
        provenance: Provenance,
        verification: Verification,
    ) -> None:
        self._imports = imports
        self._boards = boards
        self._wallets = wallets
        self._provenance = provenance
        self._verification = verification

    def run(self, progress: Progress | None = None) -> Demonstration:
        """Load the recording and answer from it."""
        with resources.as_file(resources.files("aura_mcp").joinpath("demo", RECORDING)) as path:
            imported = self._imports.run([path], progress)
        board = self._boards.page(BoardQuestion(), limit=BOARD_LENGTH)
        leader = board.standings[0].wallet.address
        report = self._wallets.report(WalletQuestion(wallet=leader), limit=LIST_LENGTH)
        (audit, *_) = self._provenance.explain(leader, self._provenance.find_signed_sale(leader))
        return Demonstration(
            imported=imported,
            leaderboard=board,
            wallet=report,
            audit=audit,
            verified=self._verification.run(progress),
        )
