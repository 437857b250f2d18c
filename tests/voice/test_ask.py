"""`aura ask`, as a person types it: a real process, bridge and hub, and a server with the wire format of Claude."""

import json
import os
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from aura_mcp.bridge import STOPPED, Places, dismiss_hub
from tests.fakes.voice.faults import Door, Fault, Kind
from tests.fakes.voice.replies import Reply, text, tool
from tests.fakes.voice.script import ANTHROPIC_KEY
from tests.fakes.voice.stand import VoiceProviders


@pytest.fixture
def home(tmp_path: Path) -> Generator[Path]:
    """Return a folder of its own for everything, whose hub is stopped at the end."""
    yield tmp_path
    dismiss_hub(Places(str(tmp_path)), STOPPED)


def ask(
    home: Path, providers: VoiceProviders | None, question: str, *options: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run the command as a process; an empty variable is as none."""
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
    environment |= {
        "AURA_HOME": str(home),
        "AURA_OFFLINE": "true",
        "AURA_VOICE_LOG_FILE": str(home / "voice.log"),
        "AURA_VOICE_COMMAND": f"{sys.executable} -m aura_mcp.bridge",
    }
    if providers is not None:
        environment |= providers.environment()
    environment |= variables
    command = [sys.executable, "-m", "aura_mcp", "ask", *options, question]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=50, check=False)


def results(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the tool results that a request to the model holds."""
    return [block for message in body["messages"] for block in message["content"] if block["type"] == "tool_result"]


def test_question_is_answered_from_the_real_tools(home: Path) -> None:
    """Spec: one answer, with tool calls and sources; the same agent, over the real bridge and hub."""
    script: list[Reply] = [
        [text("Let me look. "), tool("system_status")],
        [text("AURA is at version 0.1.0 and holds no facts. It cost $4,321.")],
    ]
    with VoiceProviders() as providers:
        providers.script.replies += script
        done = ask(home, providers, "how are you doing?", "--json")
        first, second = providers.script.asked
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["question"] == "how are you doing?"
    assert answer["answer"].startswith("Let me look. AURA is at version 0.1.0 and holds no facts.")
    assert "4,321" not in answer["answer"]
    assert [(call["name"], call["is_error"]) for call in answer["tools"]] == [("system_status", False)]
    assert answer["tools"][0]["result"]["version"] == "0.1.0"
    assert {"top_wallets", "find_trades", "query_sql"} <= {tool["name"] for tool in first["tools"]}
    assert first["tools"][-1]["cache_control"] == {"type": "ephemeral"}
    assert json.loads(results(second)[0]["content"])["version"] == "0.1.0"


def test_answer_is_plain_text_for_a_script(home: Path) -> None:
    """Spec: streamed text; nothing but the answer on stdout."""
    with VoiceProviders() as providers:
        providers.script.replies.append([text("I follow wallets. Ask me about one.")])
        done = ask(home, providers, "who are you?")
    assert (done.returncode, done.stdout.strip()) == (0, "I follow wallets. Ask me about one.")


def test_tools_are_found_where_no_environment_is_active(home: Path) -> None:
    """Our rule: `.venv/bin/aura ask` is enough: what reaches the tools is beside it, and need not be on the path."""
    with VoiceProviders() as providers:
        providers.script.replies += [[tool("system_status")], [text("Yes.")]]
        done = ask(home, providers, "-are you there?", "--", PATH=os.defpath, AURA_VOICE_COMMAND="")
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "Yes.", "")


def test_empty_question_is_not_asked(home: Path) -> None:
    """Our rule: nothing to answer is a mistake, told in a line."""
    done = ask(home, None, " ")
    assert (done.returncode, done.stderr) == (1, 'aura: There is no question. Put one in quotes: aura ask "who won?"\n')


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        (Kind.BAD_KEY, "Anthropic refuses the key. Check ANTHROPIC_API_KEY"),
        (Kind.NO_CREDIT, "no credit left"),
        (Kind.RATE_LIMITED, "slow down"),
        (Kind.OVERLOADED, "overloaded"),
    ],
)
def test_every_refusal_has_a_line_that_says_what_to_do(home: Path, kind: Kind, line: str) -> None:
    """Spec: bad key, no credit, 429, overload: each one line."""
    with VoiceProviders() as providers:
        providers.script.faults.plan(Door.CLAUDE, Fault(kind=kind))
        done = ask(home, providers, "hello")
    assert (done.returncode, done.stdout.strip()) == (1, "")
    assert line in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert ANTHROPIC_KEY not in done.stderr


def test_missing_key_is_one_line(home: Path) -> None:
    """Spec: no key has a line that says what to do."""
    done = ask(home, None, "hello", "--json")
    assert done.returncode == 1
    assert json.loads(done.stderr) == {"error": "I need an Anthropic key: set ANTHROPIC_API_KEY and start again."}
