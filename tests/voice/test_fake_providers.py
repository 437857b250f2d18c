"""The fakes as a process of their own, which tests and benchmarks of `aura voice` are run against."""

import asyncio
import subprocess
import sys
from collections.abc import Generator

import httpx
import pytest

from tests.fakes.voice.sound import tone
from tests.fakes.voice.stand import NAMES, environment
from voice.connecting import connect_mind, connect_speaker, connect_transcriber
from voice.errors import VoiceProviderError
from voice.providers import Request, TextDelta
from voice.settings import VoiceSettings


@pytest.fixture
def url() -> Generator[str]:
    """Return where the process listens."""
    command = [sys.executable, "-m", "tests.fakes.voice", "--port", "0", "--text-s", "0.05"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.terminate()


def test_process_hears_thinks_speaks_and_tells_when(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Our rule: base addresses come in by settings; the script goes in, and the times come out, over HTTP."""
    for name, value in environment(dict.fromkeys(NAMES, url)).items():
        monkeypatch.setenv(name, value)
    script = {
        "says": ["who leads", {"text": "and now", "word_s": 0.1}],
        "replies": [[{"type": "text", "text": "Alpha leads."}]],
        "otherwise": [{"type": "text", "text": "Still alpha."}],
        "faults": {"speech": [{"kind": "no_credit", "is_late": True}]},
    }
    httpx.post(f"{url}/_script", json=script).raise_for_status()

    async def scene() -> tuple[list[str], list[str], str]:
        settings = VoiceSettings.load()
        ears, mind, mouth = connect_transcriber(settings), connect_mind(settings), connect_speaker(settings)
        heard, said = list[str](), list[str]()
        for _ in range(2):
            utterance = ears.begin()
            utterance.feed(tone(0.5, utterance.sample_rate))
            heard.append(await utterance.finish())
            question = {"role": "user", "content": [{"type": "text", "text": heard[-1]}]}
            reply = mind.reply(Request(system="Be short.", messages=[question], tools=()))
            said.append("".join([event.text async for event in reply if isinstance(event, TextDelta)]))
        speech = mouth.begin()
        await speech.say(said[0])
        with pytest.raises(VoiceProviderError) as caught:
            await anext(speech.audio())
        for provider in (ears, mind, mouth):
            await provider.aclose()
        return heard, said, caught.value.kind

    assert asyncio.run(asyncio.wait_for(scene(), 20)) == (
        ["who leads", "and now"],
        ["Alpha leads.", "Still alpha."],
        "no_credit",
    )
    moments = httpx.get(f"{url}/_moments").json()
    assert [moment["name"] for moment in moments] == ["text", "first_token", "replied"] * 2
    assert httpx.get(f"{url}/_moments").json() == []
