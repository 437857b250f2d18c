"""`python -m voice ask "…"` and `python -m voice voice`: what `aura ask` and `aura voice` start.

Exit codes: 0 done, 1 failed with one line on stderr, 2 wrong command line, 130 interrupted.
Not responsible for answering (`voice.ask`, `voice.talk`).
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from voice.errors import SettingsError, VoiceError
from voice.logs import start_logging
from voice.settings import VoiceSettings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    parsed = _parser().parse_args(arguments)
    try:
        settings = VoiceSettings.load()
        log_file: Path = getattr(parsed, "log", None) or settings.log_file
        start_logging(log_file)
        with log_file.with_name("voice-bridge.log").open("w", encoding="utf-8") as bridge_log:
            if parsed.command == "ask":
                return _ask(parsed, settings, bridge_log)
            return _talk(parsed, settings, bridge_log)
    except VoiceError as error:
        _fail(error.line, as_json=getattr(parsed, "json", False))
        return 1
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "voice":
            raise
        _fail(f"{error.name} is missing. Install it: pip install 'aura-mcp[voice]'.", as_json=False)
        return 1
    except OSError as error:
        _fail(f"{error.filename or 'voice'}: {error.strerror}", as_json=False)
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="aura", description="Ask AURA in words.")
    commands = parser.add_subparsers(dest="command", required=True)
    ask = commands.add_parser("ask", help="answer one question in text")
    ask.add_argument("question", help="the question")
    ask.add_argument("--json", action="store_true", help="print the answer with the tools that it rests on")
    talk = commands.add_parser("voice", help="talk: hold the space bar, ask, hear the answer")
    talk.add_argument("--hands-free", action="store_true", help='listen for "hey Aura" instead of a key')
    talk.add_argument("--text", action="store_true", help="type instead of speaking")
    talk.add_argument("--device", metavar="IN[,OUT]", help="microphone and speaker, by name or number")
    talk.add_argument("--list-devices", action="store_true", help="list microphones and speakers")
    talk.add_argument("--transcript", type=Path, metavar="FILE", help="append each turn to a file, as JSON lines")
    talk.add_argument("--log", type=Path, metavar="FILE", help="log to this file, as JSON lines without words")
    talk.add_argument("--detail", choices=("brief", "normal", "full"), help="how much an answer says")
    talk.add_argument("--speed", type=float, help="speed of the speech, 0.7 to 1.2")
    return parser


def _ask(parsed: argparse.Namespace, settings: VoiceSettings, log: TextIO) -> int:
    # The SDKs take seconds to import: the help and a wrong command line do not wait for them.
    from voice.ask import ask  # noqa: PLC0415
    from voice.brain import BrainEvent, Said, ToolStarted  # noqa: PLC0415

    if not parsed.question.strip():
        raise SettingsError('There is no question. Put one in quotes: aura ask "who won?"')

    def show(event: BrainEvent) -> None:
        if parsed.json:
            return
        if isinstance(event, Said):
            _write(sys.stdout, f"{event.text} ")
        elif isinstance(event, ToolStarted) and sys.stderr.isatty():
            _write(sys.stderr, f"[{event.name}]\n")

    asked = asyncio.run(ask(parsed.question, settings, log, show))
    _write(sys.stdout, f"{asked.to_json() if parsed.json else ''}\n")
    return 0


def _talk(parsed: argparse.Namespace, settings: VoiceSettings, log: TextIO) -> int:
    # As above: what the audio needs is imported when somebody wants to talk.
    from voice.talk import Choices, print_devices, talk  # noqa: PLC0415

    if parsed.list_devices:
        print_devices(sys.stdout)
        return 0
    choices = Choices(
        is_hands_free=parsed.hands_free,
        is_typed=parsed.text,
        device=parsed.device or settings.device,
        transcript=parsed.transcript,
    )
    wanted = {name: value for name in ("detail", "speed") if (value := getattr(parsed, name)) is not None}
    return asyncio.run(talk(settings.changed(**wanted), choices, log))


def _fail(line: str, *, as_json: bool) -> None:
    _write(sys.stderr, f"{json.dumps({'error': line}) if as_json else f'aura: {line}'}\n")


def _write(stream: TextIO, text: str) -> None:
    stream.write(text)
    stream.flush()


if __name__ == "__main__":
    sys.exit(main())
