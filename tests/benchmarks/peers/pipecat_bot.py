"""The same agent made with pipecat, tuned for push-to-talk: realtime transcription, streaming model and voice.

It runs in an environment of its own, which has `pipecat-ai[local,silero,anthropic,elevenlabs,openai]`; keys come as
lines `down` and `up` on stdin. Not responsible for measuring anything (`tests.benchmarks.voice`).
"""
# pipecat needs versions of the SDKs that cannot stand beside ours: nothing of it is installed where types are checked.
# pyright: basic, reportMissingImports=false

import asyncio
import os
import sys

from anthropic import AsyncAnthropic
from pipecat.frames.frames import VADUserStartedSpeakingFrame, VADUserStoppedSpeakingFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair, LLMUserAggregatorParams
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.services.anthropic.llm import AnthropicLLMService
from pipecat.services.elevenlabs.tts import ElevenLabsTTSService
from pipecat.services.openai.stt import OpenAIRealtimeSTTService
from pipecat.transports.local.audio import LocalAudioTransport, LocalAudioTransportParams
from pipecat.turns.user_start import VADUserTurnStartStrategy
from pipecat.turns.user_stop import SpeechTimeoutUserTurnStopStrategy
from pipecat.turns.user_turn_strategies import UserTurnStrategies
from pipecat.workers.runner import WorkerRunner


class Key(FrameProcessor):
    """Passes everything on; presses and releases are put in here."""

    async def process_frame(self, frame, direction):  # noqa: ANN001, ANN201 - types are pipecat's
        """Pass a frame on."""
        await super().process_frame(frame, direction)
        await self.push_frame(frame, direction)


async def main() -> None:
    """Talk until the keys end."""
    sound = LocalAudioTransport(LocalAudioTransportParams(audio_in_enabled=True, audio_out_enabled=True))
    openai, elevenlabs = os.environ["AURA_VOICE_OPENAI_URL"], os.environ["AURA_VOICE_ELEVENLABS_URL"]
    # Its final transcript does not say that it is final: without a published delay it is taken for that at once.
    ears = OpenAIRealtimeSTTService(
        api_key=os.environ["OPENAI_API_KEY"],
        base_url=f"{openai.replace('http', 'ws', 1)}/realtime",
        ttfs_p99_latency=0.0,
    )
    mind = AnthropicLLMService(
        api_key="unused",
        client=AsyncAnthropic(api_key=os.environ["ANTHROPIC_API_KEY"], base_url=os.environ["AURA_VOICE_ANTHROPIC_URL"]),
        settings=AnthropicLLMService.Settings(
            model="claude-haiku-5-5", system_instruction="You are Aura.", max_tokens=300, enable_prompt_caching=True
        ),
    )
    mouth = ElevenLabsTTSService(
        api_key=os.environ["ELEVENLABS_API_KEY"],
        url=elevenlabs.replace("http", "ws", 1),
        settings=ElevenLabsTTSService.Settings(voice="v1", model="eleven_flash_v2_5"),
    )
    strategies = UserTurnStrategies(
        start=[VADUserTurnStartStrategy()], stop=[SpeechTimeoutUserTurnStopStrategy(user_speech_timeout=0.0)]
    )
    user = LLMUserAggregatorParams(user_turn_strategies=strategies, audio_idle_timeout=0)
    turns = LLMContextAggregatorPair(LLMContext(), user_params=user)
    key = Key()
    steps = [sound.input(), key, ears, turns.user(), mind, mouth, sound.output(), turns.assistant()]
    rates = PipelineParams(audio_in_sample_rate=24_000, audio_out_sample_rate=24_000)
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(PipelineWorker(Pipeline(steps), params=rates, idle_timeout_secs=None))
    pressing = asyncio.create_task(press(key))
    print("ready", flush=True)
    await asyncio.wait((pressing, asyncio.create_task(runner.run())), return_when=asyncio.FIRST_COMPLETED)


async def press(key: Key) -> None:
    """Put in what is read, until it ends."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async for line in reader:
        is_down = line.strip() == b"down"
        await key.push_frame(VADUserStartedSpeakingFrame() if is_down else VADUserStoppedSpeakingFrame(stop_secs=0.0))


if __name__ == "__main__":
    asyncio.run(main())
