"""Bring in who hears, thinks and speaks, and the tools, while the person may speak already.

Their packages take seconds to import: that is done on a thread, one after the other, while the microphone records.
Whoever is missing is told once; what can be done without them goes on. Not responsible for the conversation itself.
"""

import asyncio
import importlib
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, TextIO, TypeVar

from voice.background import Background
from voice.brain import Brain
from voice.connecting import connect_mind, connect_speaker, connect_transcriber
from voice.desk import LateDesk, WholeDesk
from voice.diary import read_diary, write_diary
from voice.errors import HubError, VoiceError, VoiceProviderError
from voice.foresight import Foresight
from voice.late import LateTranscriber
from voice.manners import manners
from voice.memory import Call
from voice.names import Names
from voice.newsroom import Newsroom
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
        self._complaints: set[str] = set()
        self._put: Callable[[Event], None] | None = None
        self._desk = LateDesk()
        self._brain: asyncio.Future[Brain] = loop.create_future()
        self._speaker: asyncio.Future[Speaker | None] = loop.create_future()
        self._transcriber: asyncio.Future[Transcriber] = loop.create_future()
        self._has_tools = asyncio.Event()
        self._is_tidying = False
        self._names = Names()
        self._expected: list[str] = []
        self._foresight = Foresight(self._desk, self._names)
        self._before = read_diary(settings.memory_file)
        self._newsroom = Newsroom(self._desk, self._names, settings.news_usd)
        self._background = Background()
        self._closing: list[Callable[[], Coroutine[Any, Any, None]]] = []
        self.transcriber: Transcriber = LateTranscriber(self._transcriber)
        self.second_transcriber: Transcriber | None = None

    def report_to(self, put: Callable[[Event], None]) -> None:
        """Put, from now on, what happens without being asked for."""
        self._put = put
        self._newsroom.report_to(put)

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

    def overhear(self, text: str) -> None:
        """Look up the names in what has been said so far."""
        self._foresight.overhear(text)

    def known(self, question: str) -> list[Call]:
        """Return what has been looked up for a question already."""
        return self._foresight.known(question)

    def told_news(self, text: str) -> None:
        """Remember what was said without being asked for."""
        if (brain := self._brain_if_here()) is not None:
            brain.remember_news(text)

    def settle(self) -> None:
        """Sum up what is too long ago, and keep the conversation, now that nobody waits."""
        if (brain := self._brain_if_here()) is not None and not self._is_tidying:
            self._is_tidying = True
            self._background.start(self._tidy(brain))
            self._background.start(self._expect_names())

    @asynccontextmanager
    async def working(self, *, has_voice: bool) -> AsyncGenerator[None]:
        """Bring everybody in, in the background, and let them go at the end of the block."""
        self._background.start(self._bring(has_voice=has_voice))
        try:
            yield
        finally:
            await self._background.aclose()
            await self._newsroom.aclose()
            if (brain := self._brain_if_here()) is not None:
                self._keep(brain)
            await self._foresight.aclose()
            await asyncio.gather(*(close() for close in self._closing), return_exceptions=True)

    async def _bring(self, *, has_voice: bool) -> None:
        # The tools first: their process starts beside ours while we import the rest.
        session = await asyncio.to_thread(importlib.import_module, "voice.session")
        self._background.start(self._keep_hub(session.Hub))
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
            self._background.start(self._expect_names())
        try:
            first = await asyncio.to_thread(connect_speaker, self._settings)
        except VoiceError as error:
            self._complain(error.line)
            self._speaker.set_result(None)
        else:
            speaker = TwoVoices(first, self._second_speaker)
            self._closing.append(speaker.aclose)
            self._speaker.set_result(speaker)
            self._background.start(self._warm_up("speaker", speaker.start()))

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
            self._complain(error.line)
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
            self._complain(error.line)
        else:
            logger.info("connected", extra={"fields": {"who": who}})

    def _complain(self, line: str) -> None:
        """Tell what is wrong, once: who has heard it knows it."""
        if line not in self._complaints:
            self._complaints.add(line)
            self._tell(line)

    async def _keep_hub(self, make: "type[Hub]") -> None:
        while True:
            hub = make(self._settings.command, self._log, self._newsroom.hear_of)
            try:
                async with hub.opened():
                    self._desk.hub = hub
                    self._has_tools.set()
                    logger.info("connected", extra={"fields": {"who": "tools", "count": len(hub.tools)}})
                    await self._newsroom.learn_names()
                    await self._expect_names()
                    await asyncio.Event().wait()
            except HubError as error:
                self._has_tools.set()
                self._complain(error.line)
            await asyncio.sleep(RETRY_S)

    async def _expect_names(self) -> None:
        """Let whoever hears expect how wallets and tokens are called, where that is news."""
        keywords = self._names.keywords()
        is_here = self._transcriber.done() and self._transcriber.exception() is None
        if is_here and keywords != self._expected:
            self._expected = keywords
            await self._warm_up("transcriber", self._transcriber.result().start(keywords))

    def _brain_of(self, mind: Mind) -> Brain:
        desk = WholeDesk(self._desk, mute=self._mute, forget=self._forget, answered=self._newsroom.answered)
        settings = self._settings
        brain = Brain(
            mind,
            desk,
            system=manners(settings.detail, settings.language),
            memory_tokens=settings.memory_tokens,
            language=settings.language,
        )
        brain.conversation = self._before
        return brain

    def _brain_if_here(self) -> Brain | None:
        is_here = self._brain.done() and not self._brain.cancelled() and self._brain.exception() is None
        return self._brain.result() if is_here else None

    def _mute(self, minutes: float) -> None:
        if self._put is not None:
            self._put(Muted(asyncio.get_running_loop().time() + minutes * MINUTE_S))

    def _forget(self, everything: bool) -> None:  # noqa: FBT001 - as the person says it
        brain = self._brain.result()
        if everything:
            brain.forget_all()
        else:
            brain.forget_last()

    async def _tidy(self, brain: Brain) -> None:
        try:
            await brain.tidy()
        except VoiceProviderError as error:
            logger.info("not_summed_up", extra={"fields": {"by": error.provider, "kind": error.kind}})
        finally:
            self._is_tidying = False
        self._keep(brain)

    def _keep(self, brain: Brain) -> None:
        try:
            write_diary(self._settings.memory_file, brain.conversation)
        except OSError as error:
            logger.warning("diary_not_written", extra={"fields": {"reason": error.strerror}})
