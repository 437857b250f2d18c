"""The journal: what is appended is there, in order, and nobody who appends waits for a file that goes."""

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from data.errors import DiskFullError, StoreError
from data.store import journal
from data.store.journal import Entry, Journal

SIZE = 8_000
PATIENCE_S = 60
"""After that long a test goes on, and fails."""


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "FULL_BYTES", 30_000)


def test_rows_of_both_files_are_found_in_order(tmp_path: Path) -> None:
    """At least once in: whichever file had its turn."""
    written = Journal(tmp_path / "j")
    for number in range(2, 12):
        written.append(_entry(number))
        written.tidy()
    assert _names(tmp_path) == {"j", "j2"}
    written.close()
    assert [entry.number for entry in Journal(tmp_path / "j").entries(0)] == list(range(2, 12))
    assert Journal(tmp_path / "j").entries(9) == [_entry(10), _entry(11)]


def test_files_take_turns_as_long_as_rows_become_useless(tmp_path: Path) -> None:
    """Bounded: a journal that is kept up with never takes more than two files of the size at which they change."""
    kept = Journal(tmp_path / "j")
    seen: set[frozenset[str]] = set()
    for number in range(1, 60):
        kept.append(_entry(number))
        kept.leave(number - 1)
        kept.tidy()
        seen.add(frozenset(_names(tmp_path)))
        assert sum(file.stat().st_size for file in tmp_path.glob("*-wal")) <= 2 * journal.FULL_BYTES + SIZE
    assert seen == {frozenset({"j"}), frozenset({"j2"}), frozenset({"j", "j2"})}
    kept.leave(59)
    kept.close()
    assert list(tmp_path.iterdir()) == []


def test_file_with_a_row_of_use_stays(tmp_path: Path) -> None:
    """Nothing is lost: a third file is no help while two hold what is not stored yet."""
    kept = Journal(tmp_path / "j")
    for number in range(1, 40):
        kept.append(_entry(number))
        kept.tidy()
    kept.close()
    assert _names(tmp_path) == {"j", "j2"}
    assert [entry.number for entry in Journal(tmp_path / "j").entries(0)] == list(range(1, 40))


@pytest.mark.parametrize("slow", ["connect", "remove"])
def test_nobody_who_appends_waits_for_tidying(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slow: str) -> None:
    """Fast: a disk that stands still is waited for by one thread only."""
    kept = Journal(tmp_path / "j")
    kept.append(_entry(1, size=40_000))
    if slow == "remove":
        kept.tidy()
        kept.append(_entry(2))
        kept.leave(1)
    goes_on, has_begun = threading.Event(), threading.Event()
    tidying = threading.Thread(target=kept.tidy)
    holder, name = (Path, "unlink") if slow == "remove" else (journal.sqlite3, "connect")
    call = getattr(holder, name)

    def held(*args: object, **named: object) -> object:
        if threading.current_thread() is tidying:
            has_begun.set()
            goes_on.wait(PATIENCE_S)
        return call(*args, **named)

    monkeypatch.setattr(holder, name, held)
    tidying.start()
    assert has_begun.wait(PATIENCE_S)
    kept.append(_entry(3))
    assert tidying.is_alive()
    goes_on.set()
    tidying.join(PATIENCE_S)
    kept.append(_entry(4))
    kept.close()
    left = [3, 4] if slow == "connect" else [2, 3, 4]
    assert [entry.number for entry in Journal(tmp_path / "j").entries(1)] == left


def test_file_that_cannot_be_removed_is_named_and_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bad input: what, where, what to do."""
    kept = _full_and_its_successor(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", _refusing("j"))
        with pytest.raises(StoreError, match=r"journal .*j: cannot be removed \(refused\); remove it"):
            kept.tidy()
    kept.tidy()
    assert _names(tmp_path) == {"j2"}
    kept.append(_entry(3))
    kept.close()
    assert [entry.number for entry in Journal(tmp_path / "j").entries(0)] == [2, 3]


@pytest.mark.parametrize(("stays", "goes"), [("j", "j2"), ("j2", "j")])
def test_one_file_that_cannot_be_removed_keeps_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stays: str, goes: str
) -> None:
    """Our rule: whoever opens the database next finds no file that is still open."""
    kept = _full_and_its_successor(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", _refusing(stays))
        with pytest.raises(StoreError, match=f"{stays}: cannot be removed"):
            kept.close()
    assert goes not in _names(tmp_path)
    again = Journal(tmp_path / "j")
    assert again.entries(2) == []
    again.clear()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [0, 1_024])
def test_file_in_which_nothing_was_ever_written_is_no_reason_to_write(tmp_path: Path, size: int) -> None:
    """Our rule: on a full disk the database opens, with what an earlier full disk left beside it."""
    (tmp_path / "j2").write_bytes(bytes(size))
    assert Journal(tmp_path / "j").entries(0) == []
    assert (tmp_path / "j2").stat().st_size == size


@pytest.mark.parametrize("code", [sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE])
def test_file_that_cannot_be_made_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """Our rule: a full disk is named as that, and keeps no part of a file for the next start."""

    def almost_full(path: Path, **_: object) -> sqlite3.Connection:
        path.touch()
        error = sqlite3.OperationalError("no room")
        error.sqlite_errorcode = code
        raise error

    monkeypatch.setattr(journal.sqlite3, "connect", almost_full)
    with pytest.raises(DiskFullError, match="the disk is full"):
        Journal(tmp_path / "j").append(_entry(1))
    assert list(tmp_path.iterdir()) == []


def _full_and_its_successor(folder: Path) -> Journal:
    """Return a journal with two files in which nothing is of use any more."""
    kept = Journal(folder / "j")
    kept.append(_entry(1, size=40_000))
    kept.tidy()
    kept.append(_entry(2))
    kept.leave(2)
    assert _names(folder) == {"j", "j2"}
    return kept


def _refusing(name: str) -> Callable[..., None]:
    unlink = Path.unlink

    def refuse(path: Path, *, missing_ok: bool = False) -> None:
        if path.name == name:
            raise OSError(13, "refused")
        unlink(path, missing_ok=missing_ok)

    return refuse


def _entry(number: int, size: int = SIZE) -> Entry:
    return Entry(number, f"s{number}", number, b"x" * size)


def _names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir() if "-" not in file.name}
