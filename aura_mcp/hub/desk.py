"""Run errands of commands inside the hub: one connection, one call of a service, on a thread of its own.

Not responsible for what an errand looks like (`errands`).
"""

import asyncio
import inspect
import logging
import threading
from typing import Final

import msgspec

from aura_mcp.app import Application
from aura_mcp.errors import AuraError
from aura_mcp.hub.errands import PROGRESS, Errand, Failure, Word, from_json, method_of, to_json, types_of
from aura_mcp.hub.session import Session
from aura_mcp.services.boundary import reported
from aura_mcp.services.results import readable
from aura_mcp.services.steps import Progress
from aura_mcp.updates import Updates

_PERCENT: Final = 100

logger = logging.getLogger(__name__)


class CalledOffError(Exception):
    """Whoever asked went away, or the hub leaves: what was committed stays."""


class Desk:
    """Where commands have things done."""

    def __init__(self, application: Application, updates: Updates) -> None:
        self._application = application
        self._updates = updates

    async def serve(self, session: Session) -> None:
        """Run the one errand of a connection and answer it; stop at the next step of progress when nobody waits."""
        line = await session.next_line()
        is_gone = threading.Event()
        watching = asyncio.create_task(_watch(session, is_gone))
        with session.busy():
            try:
                mark = self._application.answers.changes.mark()
                last_word = await asyncio.to_thread(self._run, line, _reporter(session, is_gone))
                session.post(to_json(last_word))
                touched = self._application.answers.changes.since(mark)
                if touched.has_any:
                    await self._updates.publish_facts(touched.wallets, touched.mints)
            finally:
                is_gone.set()
                watching.cancel()

    def _run(self, line: bytes, report: Progress) -> Word:
        try:
            with reported():
                return Word(result=msgspec.Raw(self._call(line, report)))
        except CalledOffError:
            logger.info("errand_called_off")
            return Word(failure=Failure("called off"))
        except AuraError as error:
            return Word(failure=Failure(str(error)))
        except OSError as error:
            filename = None if error.filename is None else readable(str(error.filename))
            return Word(failure=Failure(error.strerror or str(error), error.errno, filename))
        except Exception:
            # The edge of the process: a command gets a line, the log the whole story.
            logger.exception("errand_failed")
            return Word(failure=Failure("the hub failed at this, by a fault of its own; its log says how"))

    def _call(self, line: bytes, report: Progress) -> bytes:
        try:
            errand = from_json(line, Errand)
            method = method_of(errand.service, errand.method)
            kinds = types_of(method)
            arguments = {name: from_json(value, kinds[name]) for name, value in errand.arguments.items()}
            inspect.signature(method).bind(self, **arguments)
        except (msgspec.MsgspecError, KeyError, TypeError, ValueError) as error:
            raise AuraError(f"this is no errand that the hub understands: {error}") from error
        if PROGRESS in kinds:
            arguments[PROGRESS] = report
        return to_json(method(getattr(self._application, errand.service), **arguments))


async def _watch(session: Session, is_gone: threading.Event) -> None:
    await session.next_line()
    is_gone.set()


def _reporter(session: Session, is_gone: threading.Event) -> Progress:
    """Return a callback for another thread that passes on every percent."""
    loop = asyncio.get_running_loop()
    last: tuple[str, int] | None = None

    def report(name: str, done: int, total: int) -> None:
        nonlocal last
        if is_gone.is_set():
            raise CalledOffError
        share = (name, done * _PERCENT // max(total, 1))
        if share != last:
            last = share
            loop.call_soon_threadsafe(session.post, to_json(Word(progress=(name, done, total))))

    return report
