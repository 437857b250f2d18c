"""Bring in who hears, thinks and speaks, and the tools, while the person may speak already.

Their packages take seconds to import: that is done on a thread, one after the other, while the microphone records.
Whoever is missing is told once; what can be done without them goes on. Not responsible for the conversation itself.
"""

import asyncio
import importlib
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, TextIO, TypeVar

from voice.brain import Brain
from voice.connecting import connect_mind, connect_speaker, connect_transcriber
from voice.desk import LateDesk, WholeDesk
from voice.errors import HubError, VoiceError, VoiceProviderError
from voice.late import LateTranscriber
from voice.manners import manners
from voice.providers import Mind, Speaker, Transcriber
from voice.second_voice import TwoVoices
from voice.settings import VoiceSettings
from voice.turns import Event, Muted

if TYPE_CHECKING:
    from voice.session import Hub

RETRY_S: Final = 10.0
"""Between attempts to reach tools that cannot be reached."""

MINUTE_S: Final = 60.0
SECOND_EARS: Final = "openai_batch"
SECOND_VOICE: Final = "elevenlabs_http"

T = TypeVar("T")

logger = logging.getLogger(__name__)


class Crew:
    """Everybody that a conversation needs. `tell` is given a line for each that cannot be had."""

    def __init__(self, settings: VoiceSettings, log: TextIO, tell: Callable[[str], None]) -> None:
        loop = asyncio.get_running_loop()
        self._settings = settings
        self._log = log
        self._tell = tell
        self._put: Callable[[Event], None] | None = None
        self._desk = LateDesk()
        self._brain: asyncio.Future[Brain] = loop.create_future()
        self._speaker: asyncio.Future[Speaker | None] = loop.create_future()
        self._transcriber: asyncio.Future[Transcriber] = loop.create_future()
        self._has_tools = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closing: list[Callable[[], Coroutine[Any, Any, None]]] = []
        self.transcriber: Transcriber = LateTranscriber(self._transcriber)
        self.second_transcriber: Transcriber | None = None

    def report_to(self, put: Callable[[Event], None]) -> None:
        """Put, from now on, what happens without being asked for."""
        self._put = put

    async def brain(self) -> Brain:
        """Return who thinks, once there are tools or it is certain that there are none.

        Raises:
            VoiceError: nobody can; its line says what to do.
        """
        await self._has_tools.wait()
        return await asyncio.shield(self._brain)

    async def speaker(self) -> Speaker | None:
        """Return who speaks; None where answers can only be shown."""
        return await asyncio.shield(self._speaker)

    def settle(self) -> None:
        """Sum up what is too long ago, now that nobody waits."""
        if self._brain.done() and not self._brain.cancelled() and self._brain.exception() is None:
            self._start(self._tidy(self._brain.result()))

    @asynccontextmanager
    async def working(self, *, has_voice: bool) -> AsyncGenerator[None]:
        """Bring everybody in, in the background, and let them go at the end of the block."""
        self._start(self._bring(has_voice=has_voice))
        try:
            yield
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await asyncio.gather(*(close() for close in self._closing), return_exceptions=True)

    async def _bring(self, *, has_voice: bool) -> None:
        # The tools first: their process starts beside ours while we import the rest.
        session = await asyncio.to_thread(importlib.import_module, "voice.session")
        self._start(self._keep_hub(session.Hub))
        if has_voice:
            await self._bring_voice()
        else:
            self._speaker.set_result(None)
        mind = await self._connect(self._brain, lambda: connect_mind(self._settings))
        if mind is not None:
            self._closing.append(mind.aclose)
            self._brain.set_result(self._brain_of(mind))
            await self._warm_up("mind", mind.start())
        if has_voice:
            await self._bring_second_ears()
        await self._has_tools.wait()
        logger.info("ready")

    async def _bring_voice(self) -> None:
        transcriber = await self._connect(self._transcriber, lambda: connect_transcriber(self._settings))
        if transcriber is not None:
            self._closing.append(transcriber.aclose)
            self._transcriber.set_result(transcriber)
            self._start(self._warm_up("transcriber", transcriber.start(())))
        try:
            first = await asyncio.to_thread(connect_speaker, self._settings)
        except VoiceError as error:
            self._tell(error.line)
            self._speaker.set_result(None)
        else:
            speaker = TwoVoices(first, self._second_speaker)
            self._closing.append(speaker.aclose)
            self._speaker.set_result(speaker)
            self._start(self._warm_up("speaker", speaker.start()))

    async def _second_speaker(self) -> Speaker | None:
        if self._settings.speaker == SECOND_VOICE:
            return None
        try:
            return await asyncio.to_thread(connect_speaker, self._settings, SECOND_VOICE)
        except VoiceError as error:
            logger.warning("no_second_voice", extra={"fields": {"reason": error.line}})
            return None

    async def _bring_second_ears(self) -> None:
        if self._settings.transcriber == SECOND_EARS:
            return
        try:
            second = await asyncio.to_thread(connect_transcriber, self._settings, SECOND_EARS)
        except VoiceError as error:
            logger.info("no_second_ears", extra={"fields": {"reason": error.line}})
        else:
            self._closing.append(second.aclose)
            self.second_transcriber = second

    async def _connect(self, place: "asyncio.Future[Any]", connect: Callable[[], T]) -> T | None:
        """Return a provider, or tell why there is none and let whoever waits for it know."""
        try:
            return await asyncio.to_thread(connect)
        except VoiceError as error:
            self._tell(error.line)
            place.set_exception(error)
            # Nobody need ask for it; who does is told.
            place.exception()
            return None

    async def _warm_up(self, who: str, starting: Coroutine[Any, Any, None]) -> None:
        """Let a provider connect before it is needed. One that cannot may still be able to when it is."""
        try:
            await starting
        except VoiceProviderError as error:
            logger.warning("warm_up_failed", extra={"fields": {"who": who, "by": error.provider, "kind": error.kind}})
            self._tell(error.line)
        else:
            logger.info("connected", extra={"fields": {"who": who}})

    async def _keep_hub(self, make: "type[Hub]") -> None:
        last_line = ""
        while True:
            hub = make(self._settings.command, self._log, self._hear_of)
            try:
                async with hub.opened():
                    last_line = ""
                    self._desk.hub = hub
                    self._has_tools.set()
                    logger.info("connected", extra={"fields": {"who": "tools", "count": len(hub.tools)}})
                    await asyncio.Event().wait()
            except HubError as error:
                self._has_tools.set()
                if error.line != last_line:
                    self._tell(error.line)
                last_line = error.line
            await asyncio.sleep(RETRY_S)

    def _hear_of(self, event: Mapping[str, Any]) -> None:
        pass

    def _brain_of(self, mind: Mind) -> Brain:
        desk = WholeDesk(self._desk, self._mute, self._forget)
        return Brain(mind, desk, system=manners(self._settings.detail), memory_tokens=self._settings.memory_tokens)

    def _mute(self, minutes: float) -> None:
        if self._put is not None:
            self._put(Muted(asyncio.get_running_loop().time() + minutes * MINUTE_S))

    def _forget(self) -> None:
        self._brain.result().forget_last()

    async def _tidy(self, brain: Brain) -> None:
        try:
            await brain.tidy()
        except VoiceProviderError as error:
            logger.info("not_summed_up", extra={"fields": {"by": error.provider, "kind": error.kind}})

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("background_crashed", exc_info=error)
