"""`aura voice --text`, as a script types it: a real process, bridge and hub over the recording of the demo."""

import importlib.resources
import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import pytest

from aura_mcp.bridge import STOPPED, Places, dismiss_hub
from tests.fakes.terminal import FakeTerminal
from tests.fakes.voice.replies import Block, results_of, text, tool
from tests.fakes.voice.stand import VoiceProviders
from voice.grounding import UNCONFIRMED

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path]:
    """Return a home that holds the recording of the demo; its hub is stopped at the end."""
    folder = tmp_path_factory.mktemp("home")
    recording = importlib.resources.files("aura_mcp") / "demo" / "recording.jsonl.gz"
    with importlib.resources.as_file(recording) as file:
        subprocess.run(
            [sys.executable, "-m", "aura_mcp", "import", str(file)],
            env=environment(folder, {}),
            check=True,
            capture_output=True,
            timeout=50,
        )
    yield folder
    dismiss_hub(Places(str(folder)), STOPPED)


def environment(home: Path, more: Mapping[str, str]) -> dict[str, str]:
    """Return an environment of its own, without anybody's keys."""
    ours = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
    return {
        **ours,
        "AURA_HOME": str(home),
        "AURA_OFFLINE": "true",
        "AURA_VOICE_LOG_FILE": str(home / "voice.log"),
        "AURA_VOICE_COMMAND": f"{sys.executable} -m aura_mcp.bridge",
        **more,
    }


def talk(home: Path, typed: str, *options: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the command with lines on its stdin."""
    return subprocess.run(
        [sys.executable, "-m", "aura_mcp", "voice", *options],
        input=typed,
        env=environment(home, settings),
        capture_output=True,
        text=True,
        timeout=55,
        check=False,
    )


def best_of(body: Mapping[str, Any]) -> list[Block]:
    """Reply with a figure of the result that came back."""
    best = json.loads(results_of(body)[0])["wallets"][0]
    return [text(f"The best one won {best['wins']} times.")]


def version_of(body: Mapping[str, Any]) -> list[Block]:
    """Reply with the version that came back."""
    return [text(f"Version {json.loads(results_of(body)[0])['version']}.")]


def lines_of(file: Path) -> list[dict[str, Any]]:
    """Return the objects of a file of JSON lines."""
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def test_questions_are_answered_from_the_recording_and_remembered(home: Path, tmp_path: Path) -> None:
    """Spec: the same agent typed, for SSH and tests; a follow-up, the real tools, what is kept from run to run."""
    files = ["--transcript", str(tmp_path / "transcript.jsonl"), "--log", str(tmp_path / "run.log")]
    memory = {"AURA_VOICE_MEMORY_FILE": str(tmp_path / "memory.json")}
    with VoiceProviders() as providers:
        replies = providers.script.replies
        replies += [
            [tool("top_wallets", limit=3)],
            best_of,
            [text("That one won 999 times.")],
        ]
        done = talk(home, "who did best?\nand the second one?\n", "--text", *files, **providers.environment(), **memory)
        replies.append([text("You asked who did best.")])
        again = talk(home, "what did I ask?\n", "--text", **providers.environment(), **memory)
        asked = providers.script.asked
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "The best one won 17 times.",
        f"That one won {UNCONFIRMED} times.",
    ]
    turns = lines_of(tmp_path / "transcript.jsonl")
    assert [(turn["question"], turn["tools"]) for turn in turns] == [
        ("who did best?", ["top_wallets"]),
        ("and the second one?", []),
    ]
    events = [line["event"] for line in lines_of(tmp_path / "run.log")]
    assert events.count("said") == 2
    assert "best" not in (tmp_path / "run.log").read_text("utf-8")
    assert again.stdout.strip() == "You asked who did best."
    assert asked[-1]["messages"][0]["content"][0]["text"] == "who did best?"
    assert (tmp_path / "memory.json").stat().st_mode & 0o077 == 0


def test_forgotten_turn_is_gone(home: Path, tmp_path: Path) -> None:
    """Spec: forgettable: "forget that"."""
    file = tmp_path / "memory.json"
    with VoiceProviders() as providers:
        providers.script.replies += [
            [text("I will not tell anybody.")],
            [tool("forget_that")],
            [text("Forgotten.")],
        ]
        typed = "my secret is purple\nforget that\n"
        done = talk(home, typed, "--text", **providers.environment(), AURA_VOICE_MEMORY_FILE=str(file))
    assert done.stdout.splitlines() == ["I will not tell anybody.", "Forgotten."]
    assert "purple" not in file.read_text("utf-8")


def test_bridge_that_dies_is_started_again_and_asked_again(home: Path, tmp_path: Path) -> None:
    """Spec: needs nothing of the hub but `aura-mcp`; our rule: a tool that changes nothing is asked again."""
    pid = tmp_path / "pid"
    bridge = f"echo $$ > {shlex.quote(str(pid))}; exec {shlex.quote(sys.executable)} -m aura_mcp.bridge"

    def kill(body: Mapping[str, Any]) -> list[Block]:
        del body
        os.kill(int(pid.read_text("utf-8")), signal.SIGKILL)
        return [tool("system_status")]

    with VoiceProviders() as providers:
        replies = providers.script.replies
        replies += [kill, version_of]
        command = {"AURA_VOICE_COMMAND": f"sh -c {shlex.quote(bridge)}"}
        done = talk(home, "how are you?\n", "--text", **{**providers.environment(), **command})
    assert (done.stdout.strip(), done.stderr) == ("Version 0.1.0.", "")


def test_every_question_without_a_key_is_told_what_to_do(home: Path) -> None:
    """Spec: no key has a line that says what to do, and the loop goes on."""
    done = talk(home, "who did best?\nwho is second?\n", "--text")
    line = "I need an Anthropic key: set ANTHROPIC_API_KEY and start again."
    assert (done.returncode, done.stdout.splitlines(), done.stderr.strip()) == (0, [line, line], line)


def test_tools_that_cannot_be_reached_are_told_once_and_the_loop_goes_on(home: Path) -> None:
    """Spec: each failure has a line that says what to do."""
    with VoiceProviders() as providers:
        providers.script.replies += [[text("I cannot look at your wallets now.")]]
        wrong = {**providers.environment(), "AURA_VOICE_COMMAND": f"{sys.executable} -c pass"}
        done = talk(home, "who did best?\n", "--text", **wrong)
    assert done.stdout.strip() == "I cannot look at your wallets now."
    assert done.stderr.strip() == "I cannot start aura-mcp. Run `aura doctor`."


@pytest.mark.parametrize(
    ("options", "settings", "code", "line"),
    [
        (["--speed", "3"], {}, 2, "--speed"),
        (["--detail", "epic"], {}, 2, "--detail"),
        (["--text"], {"AURA_VOICE_SPEED": "3"}, 1, "AURA_VOICE_SPEED: Input should be less than or equal to 1.2"),
        (["--text", "--transcript", "/dev/null/x"], {}, 1, "choose another --transcript file"),
        ([], {}, 1, "Push-to-talk needs a terminal. Type with `aura voice --text`"),
    ],
    ids=["speed", "detail", "setting", "transcript", "no terminal"],
)
def test_what_cannot_be_done_is_one_line(
    home: Path, options: list[str], settings: dict[str, str], code: int, line: str
) -> None:
    """Our rule: one line that says what to do; exit code 2 for a wrong command line."""
    done = talk(home, "", *options, **settings)
    assert done.returncode == code
    assert line in done.stderr
    assert code == 2 or len(done.stderr.splitlines()) == 1


def test_interrupted_conversation_ends_by_itself(home: Path, tmp_path: Path) -> None:
    """Our rule: exit code 130 for Ctrl-C; the agent is given the time to leave everything as it was."""
    log = tmp_path / "run.log"
    with VoiceProviders() as providers:
        terminal = FakeTerminal(
            [sys.executable, "-m", "aura_mcp", "voice", "--text", "--log", str(log)],
            environment=environment(home, providers.environment()),
            folder=ROOT,
        )
        try:
            providers.script.replies.append([text("I am here.")])
            terminal.wait_for("type a question")
            terminal.type(b"are you there?\n")
            terminal.wait_for("I am here.")
            terminal.type(b"\x03")
            assert terminal.wait() == 130
            assert terminal.is_as_before
            assert "Traceback" not in terminal.text
        finally:
            terminal.close()


def test_memory_that_holds_no_conversation_is_not_overwritten(home: Path, tmp_path: Path) -> None:
    """Our rule: a file of somebody else's is left alone."""
    file = tmp_path / "memory.json"
    file.write_text("[]", "utf-8")
    done = talk(home, "hello\n", "--text", AURA_VOICE_MEMORY_FILE=str(file))
    assert (done.returncode, file.read_text("utf-8")) == (1, "[]")
    assert "holds no conversation; move it away or unset AURA_VOICE_MEMORY_FILE." in done.stderr
