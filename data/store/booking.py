"""Advance the ledger: fold the facts that arrived since the last booking, and only those.

A booking is one transaction: after a crash the ledger is as it was before, and the next booking starts again.
Not responsible for the rules of the ledger (`engine.ledger`), for finding what is new (`work`) or for comparing
the result with the facts (`verification`).
"""

import gc
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final, NamedTuple

import duckdb

from data.store.chunks import Chunk, Key, Span, Task, read_chunks
from data.store.connection import Database
from data.store.derived import (
    DERIVED,
    KEY_COLUMNS,
    NUMBERED_COLUMNS,
    Output,
    Stored,
    append,
    forget_marks,
    read_states,
    remove_changed,
    remove_folds,
)
from data.store.facts import Added
from data.store.histories import append_histories, crowded_entities, tidy_history
from data.store.near import TooMuchError, read_near
from data.store.recalled import Recalled
from data.store.work import find_work
from engine.ledger import DEFAULT_CONFIG, LedgerConfig, fold, signature_of

_LOOK: Final = """
SELECT max(value) FILTER (key = 'booked_batch'), max(value) FILTER (key = 'last_batch'), EXISTS (FROM refold) FROM meta
"""

FEW: Final = 100
"""So many folds at most are written row by row."""

_MEMORY_MB: Final = 192
"""Memory for a booking on top of a ledger; what does not get by has all of it."""

_TIDY_EVERY: Final = 256
"""So many bookings leave histories that are worth putting together."""

Progress = Callable[[int, int], None]
"""Called with the number of events folded so far and an estimate of their total."""


class Booked(NamedTuple):
    """What a booking did: folds advanced or replayed, and the events that went through them."""

    folds: int
    events: int


class Booking:
    """The way from facts to derived state."""

    def __init__(self, database: Database, config: LedgerConfig = DEFAULT_CONFIG) -> None:
        self._database = database
        self._config = config
        self._untidy = 0
        self._crowded: list[str] = []
        self.recalled = Recalled(database)
        """What live bookings remember."""

    def is_pending(self) -> bool:
        """Tell whether something has arrived that the ledger has not seen."""
        span, has_marks = self._look()
        return span.after != span.upto or has_marks

    def book(self, progress: Progress | None = None) -> Booked:
        """Fold everything that is new; a second call right after does nothing. Safe to repeat after a crash."""
        folds = events = 0
        with self._database.writing():
            span, has_marks = self._look()
            while span.after != span.upto or has_marks:
                done, has_marks = self._book_once(span, progress)
                folds, events = folds + done.folds, events + done.events
                span = Span(span.upto, span.upto)
        if folds:
            self._untidy += 1
            self.tidy()
        return Booked(folds, events)

    def tidy(self, after: int = _TIDY_EVERY) -> bool:
        """Put the history of one entity together if there were so many bookings since that was done for all.

        Return whether others are left: one at a time, so that nobody waits for hundreds of them.
        """
        if not self._crowded and self._untidy < after:
            return False
        with self._database.write(keeps_version=True) as cursor:
            if not self._crowded:
                self._untidy, self._crowded = 0, crowded_entities(cursor)
            if self._crowded:
                tidy_history(cursor, self._crowded.pop())
        return bool(self._crowded)

    def book_added(self, added: Added) -> Booked | None:
        """Inside of `write`: fold what was just stored in the same transaction.

        Return None, having done nothing, when there is more to it: `book` does it after the commit.
        """
        database, recalled = self._database, self.recalled
        booked = database.mark("booked_batch")
        is_next = booked > 0 and booked == added.batch - 1 == database.mark("last_batch") - 1
        if not (is_next and added.is_fresh) or recalled.has_marks:
            return None
        try:
            chunk = read_near(database.cursor(), Span(booked, added.batch), recalled, added)
        except TooMuchError:
            return None
        states = recalled.states([key for key, task in chunk.work.items() if task.is_stored])
        output = self._fold_chunk(chunk, states)
        if output.marked:
            return None
        _store_near(database, database.cursor(), chunk.work, output, states, has_marks=False)
        database.set_mark("booked_batch", added.batch)
        database.once_committed(lambda: recalled.keep(output.states))
        self._untidy += 1
        database.keep_version()
        return Booked(len(chunk.work), sum(len(group.events) for group in chunk.folds))

    def rebuild(self, progress: Progress | None = None) -> Booked:
        """Forget all derived state and fold every fact again."""
        with self._database.writing():
            with self._database.heavy(), self._database.write() as cursor:
                for table in (*DERIVED, "history", "refold"):
                    cursor.execute(f"TRUNCATE {table}")
                self._database.set_mark("booked_batch", 0)
            return self.book(progress)

    @contextmanager
    def replayed(self, progress: Progress | None = None) -> Generator[duckdb.DuckDBPyConnection]:
        """Fold every fact into temporary tables named `replayed_…` and yield the cursor that sees them."""
        with (
            self._database.writing(),
            self._database.heavy(),
            self._database.second_cursor() as reader,
            self._database.second_cursor() as writer,
            _collector_paused(),
        ):
            for name in DERIVED:
                writer.execute(f"CREATE TEMP TABLE replayed_{name} AS FROM {name} LIMIT 0")
            # Nothing is stored in the eyes of a replay.
            for name in ("fold_state", "refold"):
                reader.execute(f"CREATE TEMP TABLE {name} AS FROM main.{name} LIMIT 0")
            upto = self._look()[0].upto
            for _, output in self._fold_all(reader, Span(0, upto), progress):
                append(writer, output.tables(), "replayed_")
            yield writer

    def _book_once(self, span: Span, progress: Progress | None) -> tuple[Booked, bool]:
        """Book a span and tell whether it left marks: folds that must start over after all."""
        if span.after > 0:
            try:
                return self._book_near(span)
            except TooMuchError:
                # Nothing was written: the views read it all at once.
                return self._database.repeatable(_MEMORY_MB, lambda: self._book_all(span, progress))
        with self._database.heavy():
            return self._book_all(span, progress)

    def _book_all(self, span: Span, progress: Progress | None) -> tuple[Booked, bool]:
        folds = events = 0
        has_marks = False
        with (
            self._database.second_cursor() as reader,
            self._database.second_cursor() as writer,
            self._database.transaction(writer),
            ThreadPoolExecutor(1, "booking-writer") as pool,
            _collector_paused(),
        ):
            writing: Future[None] | None = None
            for chunk, output in self._fold_all(reader, span, progress):
                folds += len(chunk.work)
                events += sum(len(group.events) for group in chunk.folds)
                has_marks = has_marks or bool(output.marked)
                tables = output.tables()
                if writing is not None:
                    writing.result()
                writing = pool.submit(_store, writer, chunk.work, output, tables)
            if writing is not None:
                writing.result()
            writer.execute("UPDATE meta SET value = ? WHERE key = 'booked_batch'", [span.upto])
        return Booked(folds, events), has_marks

    def _book_near(self, span: Span) -> tuple[Booked, bool]:
        """Book what lies near the new facts on one cursor.

        Raises:
            TooMuchError: that is too much; nothing was written.
        """
        with self._database.write() as cursor:
            chunk = read_near(cursor, span, self.recalled)
            states = self.recalled.states([key for key, task in chunk.work.items() if task.is_stored])
            output = self._fold_chunk(chunk, states)
            _store_near(self._database, cursor, chunk.work, output, states, has_marks=True)
            self._database.set_mark("booked_batch", span.upto)
        events = sum(len(group.events) for group in chunk.folds)
        return Booked(len(chunk.work), events), bool(output.marked)

    def _fold_all(
        self, reader: duckdb.DuckDBPyConnection, span: Span, progress: Progress | None
    ) -> Iterator[tuple[Chunk, Output]]:
        work = find_work(reader, span)
        done = 0
        for chunk in read_chunks(reader, Span(work.after, span.upto), work.buckets):
            going_on = [key for key, task in chunk.work.items() if task.goes_on]
            yield chunk, self._fold_chunk(chunk, read_states(self._database.cursor(), going_on))
            done += sum(len(group.events) for group in chunk.folds)
            if progress is not None:
                progress(done, max(work.events, done))

    def _fold_chunk(self, chunk: Chunk, states: Mapping[Key, Stored]) -> Output:
        output = Output()
        config = self._config
        for entity, mint, events in chunk.folds:
            before = states.get((entity, mint)) if chunk.work[entity, mint].goes_on else None
            if before is not None and _continues(before, events[0].ref):
                # What the state booked of this transaction must be booked again, together with the rest.
                output.marked.append((entity, mint))
                continue
            result = fold(before.state if before else None, events, config=config)
            output.add((entity, mint), len(events), result, before)
        return output

    def _look(self) -> tuple[Span, bool]:
        """Return the batches that are not booked, and whether folds are marked to start over."""
        ((after, upto, has_marks),) = self._database.rows(_LOOK)
        return Span(after, upto), has_marks


@contextmanager
def _collector_paused() -> Generator[None]:
    # Events and rows are millions of tuples without cycles: searching them for cycles costs more than folding them.
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _store(
    cursor: duckdb.DuckDBPyConnection, work: Mapping[Key, Task], output: Output, tables: Mapping[str, object]
) -> None:
    removed = [key for key, task in work.items() if task.is_stored and not task.goes_on]
    remove_folds(cursor, removed)
    advanced = [key for key, task in work.items() if task.goes_on and key not in output.marked]
    remove_changed(cursor, advanced, output.episodes)
    forget_marks(cursor, list(work))
    append(cursor, tables)
    output.remove(removed)
    append_histories(cursor, output.histories)


def _store_near(
    database: Database,
    cursor: duckdb.DuckDBPyConnection,
    work: Mapping[Key, Task],
    output: Output,
    states: Mapping[Key, Stored],
    *,
    has_marks: bool,
) -> None:
    """Write the same as `_store`, where there are few with what is kept ready for a few rows."""
    if len(work) > FEW:
        _store(cursor, work, output, output.tables())
        return
    removed = [key for key, task in work.items() if task.is_stored and not task.goes_on]
    if has_marks:
        forget_marks(cursor, list(work))
    advanced = [key for key, task in work.items() if task.goes_on and key not in output.marked]
    gone = (
        ("fold_state", [*removed, *advanced]),
        ("episode", removed),
        ("realization", [key for key in removed if states[key].realizations]),
        ("finding", [key for key in removed if states[key].findings]),
    )
    for table, keys in gone:
        if keys:
            database.delete(table, KEY_COLUMNS, keys)
    replaced = [(*key, states[key].state.episode) for key in advanced]
    numbered = {(entity, mint, episode.number) for entity, mint, episode in replaced if episode is not None}
    changed = numbered & {(row[0], row[1], row[2]) for row in output.episodes}
    if changed:
        database.delete("episode", NUMBERED_COLUMNS, sorted(changed))
    output.remove(removed)
    for table, (columns, rows) in output.rows().items():
        database.insert(table, columns, rows)


def _continues(before: Stored, ref: str) -> bool:
    return signature_of(before.state.last_ref) == signature_of(ref)
