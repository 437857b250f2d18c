"""The journal: what is appended is there, in order, and nobody who appends waits for a file that goes."""

import threading
from pathlib import Path

import pytest

from data.errors import StoreError
from data.store import journal
from data.store.journal import Entry, Journal

PATIENCE_S = 60
"""After that long a test goes on, and fails."""


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "FULL_BYTES", 1_000)


def test_rows_of_both_files_are_found_in_order(tmp_path: Path) -> None:
    """At least once in: whichever file had its turn."""
    written = Journal(tmp_path / "j")
    for number in range(9, 13):
        written.append(_entry(number))
        written.tidy()
    assert _names(tmp_path) == {"j", "j2"}
    written.leave(9)
    written.close()
    assert [entry.number for entry in Journal(tmp_path / "j").entries(0)] == [9, 10, 11, 12]
    assert Journal(tmp_path / "j").entries(10) == [_entry(11), _entry(12)]


def test_files_take_turns_as_long_as_rows_become_useless(tmp_path: Path) -> None:
    """Bounded: a journal that is kept up with never takes more than two files of the size at which they change."""
    kept = Journal(tmp_path / "j")
    seen: set[frozenset[str]] = set()
    for number in range(1, 60):
        kept.append(_entry(number))
        kept.leave(number - 1)
        kept.tidy()
        seen.add(frozenset(_names(tmp_path)))
        rows = Journal(tmp_path / "j").entries(0)
        assert number in {entry.number for entry in rows}
        assert sum(len(entry.body) for entry in rows) <= 2 * journal.FULL_BYTES
    assert seen == {frozenset({"j"}), frozenset({"j2"}), frozenset({"j", "j2"})}
    kept.leave(59)
    kept.close()
    assert list(tmp_path.iterdir()) == []


def test_file_with_a_row_of_use_stays(tmp_path: Path) -> None:
    """Nothing is lost: a third file is no help while two hold what is not stored yet."""
    kept = Journal(tmp_path / "j")
    for number in range(1, 20):
        kept.append(_entry(number))
        kept.tidy()
    assert [entry.number for entry in Journal(tmp_path / "j").entries(0)] == list(range(1, 20))
    kept.close()
    assert _names(tmp_path) == {"j", "j2"}


def test_nobody_who_appends_waits_for_tidying(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fast: a disk that stands still is waited for by one thread only."""
    kept = Journal(tmp_path / "j")
    kept.append(_entry(1, size=2_000))
    goes_on, has_begun = threading.Event(), threading.Event()
    connect = journal.sqlite3.connect

    def slow(*args: object, **named: object) -> object:
        has_begun.set()
        goes_on.wait(PATIENCE_S)
        return connect(*args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(journal.sqlite3, "connect", slow)
    tidying = threading.Thread(target=kept.tidy)
    tidying.start()
    assert has_begun.wait(PATIENCE_S)
    kept.append(_entry(2))
    assert tidying.is_alive()
    goes_on.set()
    tidying.join(PATIENCE_S)
    monkeypatch.undo()
    kept.append(_entry(3))
    kept.close()
    assert [entry.number for entry in Journal(tmp_path / "j").entries(0)] == [1, 2, 3]


def test_file_that_cannot_be_removed_is_named(tmp_path: Path) -> None:
    """Bad input: what, where, what to do."""
    (tmp_path / "j2").mkdir()
    with pytest.raises(StoreError, match=r"journal .*j2: cannot be removed \(.+\); remove it"):
        Journal(tmp_path / "j").clear()


def _entry(number: int, size: int = 400) -> Entry:
    return Entry(number, f"s{number}", number, b"x" * size)


def _names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir() if "-" not in file.name}
