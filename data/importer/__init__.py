"""Import files: transactions, trade rows, candles, wallet lists and our own export."""

from data.importer.files import import_paths
from data.importer.report import Failure, ImportReport, Progress

__all__ = ["Failure", "ImportReport", "Progress", "import_paths"]
