"""`python -m voice ask "…"`: what `aura ask` starts.

Exit codes: 0 done, 1 failed with one line on stderr, 2 wrong command line, 130 interrupted.
Not responsible for answering (`voice.ask`).
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from typing import TextIO

from voice.errors import VoiceError
from voice.logs import start_logging
from voice.settings import VoiceSettings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    parsed = _parser().parse_args(arguments)
    try:
        settings = VoiceSettings.load()
        start_logging(settings.log_file)
        with settings.log_file.with_name("voice-bridge.log").open("w", encoding="utf-8") as bridge_log:
            return _ask(parsed, settings, bridge_log)
    except VoiceError as error:
        _fail(error.line, as_json=getattr(parsed, "json", False))
        return 1
    except OSError as error:
        _fail(f"{error.filename or 'voice'}: {error.strerror}", as_json=False)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="aura", description="Ask AURA in words.")
    commands = parser.add_subparsers(dest="command", required=True)
    ask = commands.add_parser("ask", help="answer one question in text")
    ask.add_argument("question", help="the question")
    ask.add_argument("--json", action="store_true", help="print the answer with the tools that it rests on")
    return parser


def _ask(parsed: argparse.Namespace, settings: VoiceSettings, log: TextIO) -> int:
    # The SDKs take seconds to import: the help and a wrong command line do not wait for them.
    from voice.ask import ask  # noqa: PLC0415
    from voice.brain import BrainEvent, Said, ToolStarted  # noqa: PLC0415

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


def _fail(line: str, *, as_json: bool) -> None:
    _write(sys.stderr, f"{json.dumps({'error': line}) if as_json else f'aura: {line}'}\n")


def _write(stream: TextIO, text: str) -> None:
    stream.write(text)
    stream.flush()


if __name__ == "__main__":
    sys.exit(main())
