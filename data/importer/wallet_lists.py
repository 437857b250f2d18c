"""Store lists of wallets to follow: CSV with a header that names `address`, or one address on each line.

Not responsible for parsing columns and cleaning nicknames (`data.starter`).
"""

from data.errors import FileError
from data.importer.report import Tally
from data.importer.source import Source
from data.starter import parse_wallet_list
from data.store import Store
from data.store.wallets import Wallet

COMMENT = "#"
DEFAULT_SOURCE = "import"


def import_wallets(store: Store, source: Source, tally: Tally, *, has_header: bool) -> None:
    """Store the wallets of a list as followed; those that are known stay as they are."""
    try:
        text = source.document().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileError(f"{source.path}: is not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    if not has_header:
        # Blank lines and comments keep their place, so that reported lines are those of the file.
        lines = ["" if line.lstrip().startswith(COMMENT) else line.strip() for line in text.splitlines()]
        text = "\n".join(["address", *lines])
    found = parse_wallet_list(text, DEFAULT_SOURCE)
    for refused in found.refused:
        tally.reject(refused.reason, refused.line_number - (0 if has_header else 1))
    wallets = [
        Wallet(w.address, w.nickname, w.source, is_tracked=True, is_program_derived=w.is_program_derived)
        for w in found.wallets
    ]
    counts = store.wallets.add(wallets)
    tally.new += counts.new
    tally.duplicate += counts.duplicate
