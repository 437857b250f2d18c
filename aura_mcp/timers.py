"""Write what lets the system refresh AURA by itself where no hub stays: cron, systemd or launchd.

The same installation twice changes nothing. No key is ever written: the timer reads `<home>/env`, which is the user's.
Not responsible for what a refresh does.
"""

import plistlib
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from aura_mcp.errors import AuraError

NAME: Final = "aura-refresh"
LABEL: Final = "dev.aura.refresh"
KEPT: Final = ("AURA_HOME", "AURA_DB")
"""Settings that name places; they go into what is written, everything else into the file of the user."""

_BEGIN: Final = "# aura-refresh: begin (written by `aura schedule install`)"
_END: Final = "# aura-refresh: end"
_CRONTAB_S: Final = 10


class TimerKind(StrEnum):
    """Who keeps the time."""

    CRON = "cron"
    SYSTEMD = "systemd"
    LAUNCHD = "launchd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be run how often, and with which settings; `env_file` may hold keys and need not exist."""

    command: tuple[str, ...]
    every_minutes: int
    settings: Mapping[str, str]
    env_file: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One text as it is and as it shall be; `place` is a file, or `crontab`."""

    place: str
    before: str | None
    after: str

    @property
    def is_changed(self) -> bool:
        """Whether there is anything to write."""
        return self.before != self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """What is to be written, and the command that makes it count; empty where nothing is left to do."""

    kind: TimerKind
    texts: tuple[Text, ...]
    next_step: str


def usual_kind() -> TimerKind:
    """Return who keeps the time on this system."""
    if sys.platform == "darwin":
        return TimerKind.LAUNCHD
    return TimerKind.SYSTEMD if Path("/run/systemd/system").is_dir() else TimerKind.CRON


def order_of(environment: Mapping[str, str], home: Path, every_minutes: int) -> Order:
    """Return the order to refresh everything, with the `aura` that is running now."""
    own = Path(sys.executable).with_name("aura")
    aura = str(own) if own.exists() else shutil.which("aura") or "aura"
    settings = {name: environment[name] for name in KEPT if environment.get(name)}
    if any("\n" in text for text in (aura, str(home), *settings.values())):
        raise AuraError("a path with a line break cannot go into a timer; move it")
    return Order(
        command=(aura, "refresh", "all", "--json"),
        every_minutes=every_minutes,
        settings=settings,
        env_file=home / "env",
    )


def plan_timer(kind: TimerKind, order: Order, user_home: Path) -> Timer:
    """Return what installing would write.

    Raises:
        AuraError: cron's table cannot be read.
    """
    if kind is TimerKind.CRON:
        before = _crontab()
        return Timer(
            kind=kind, texts=(Text(place="crontab", before=before, after=_merged(before, order)),), next_step=""
        )
    if kind is TimerKind.LAUNCHD:
        path = user_home / "Library" / "LaunchAgents" / f"{LABEL}.plist"
        return Timer(
            kind=kind, texts=(_file(path, _plist(order)),), next_step=f"launchctl load -w {shlex.quote(str(path))}"
        )
    folder = user_home / ".config" / "systemd" / "user"
    texts = (_file(folder / f"{NAME}.service", _service(order)), _file(folder / f"{NAME}.timer", _timer(order)))
    return Timer(
        kind=kind,
        texts=texts,
        next_step=f"systemctl --user daemon-reload && systemctl --user enable --now {NAME}.timer",
    )


def write_timer(timer: Timer) -> None:
    """Write what has changed.

    Raises:
        AuraError: cron refuses its table.
        OSError: a file cannot be written.
    """
    for text in timer.texts:
        if not text.is_changed:
            continue
        if timer.kind is TimerKind.CRON:
            _run_crontab("-", text.after)
            continue
        path = Path(text.place)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.after, encoding="utf-8")


def _file(path: Path, after: str) -> Text:
    before = path.read_text("utf-8", "replace") if path.is_file() else None
    return Text(place=str(path), before=before, after=after)


def _shell(order: Order) -> str:
    """Return one line of shell: the user's settings, those that name places, the command."""
    env = shlex.quote(str(order.env_file))
    settings = [f"{name}={shlex.quote(value)}" for name, value in order.settings.items()]
    return " ".join(["set -a;", f"[ ! -f {env} ] || . {env};", *settings, *map(shlex.quote, order.command)])


def _crontab() -> str:
    return _run_crontab("-l", None)


def _run_crontab(argument: str, given: str | None) -> str:
    program = shutil.which("crontab")
    if program is None:
        raise AuraError("there is no cron here; choose systemd or launchd, or let `aura serve` run")
    done = subprocess.run(  # noqa: S603 - the system's own program, found on the PATH
        (program, argument), input=given, capture_output=True, text=True, check=False, timeout=_CRONTAB_S
    )
    if done.returncode and not (argument == "-l" and "no crontab" in done.stderr):
        raise AuraError(f"crontab {argument}: {done.stderr.strip() or f'exit code {done.returncode}'}; mend that first")
    return "" if done.returncode else done.stdout


def _merged(before: str, order: Order) -> str:
    """Return cron's table with our lines: where they stood before, or at its end."""
    # cron takes a percent sign for the end of the line.
    line = f"{_cron_times(order.every_minutes)} {_shell(order)}".replace("%", r"\%") + " >/dev/null 2>&1"
    block = [_BEGIN, line, _END]
    lines = before.splitlines()
    if _BEGIN in lines and _END in lines[lines.index(_BEGIN) :]:
        start = lines.index(_BEGIN)
        lines[start : lines.index(_END, start) + 1] = block
    else:
        lines += block
    return "\n".join(lines) + "\n"


def _cron_times(minutes: int) -> str:
    return f"*/{minutes} * * * *" if minutes > 1 else "* * * * *"


def _service(order: Order) -> str:
    command = " ".join(_systemd(part) for part in order.command)
    settings = [f"Environment={_systemd(f'{name}={value}')}" for name, value in order.settings.items()]
    lines = [
        "[Unit]",
        "Description=Bring AURA's followed wallets and prices up to date",
        "",
        "[Service]",
        "Type=oneshot",
        *settings,
        f"EnvironmentFile=-{str(order.env_file).replace('%', '%%')}",
        f"ExecStart={command}",
    ]
    return "\n".join(lines) + "\n"


def _timer(order: Order) -> str:
    return "\n".join(
        [
            "[Unit]",
            f"Description=Every {order.every_minutes} minutes: {NAME}",
            "",
            "[Timer]",
            "OnBootSec=1min",
            f"OnUnitActiveSec={order.every_minutes}min",
            "RandomizedDelaySec=15",
            "",
            "[Install]",
            "WantedBy=timers.target",
            "",
        ]
    )


def _systemd(part: str) -> str:
    escaped = part.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"'


def _plist(order: Order) -> str:
    arguments: Sequence[str] = ("/bin/sh", "-c", _shell(order))
    document = {
        "Label": LABEL,
        "ProgramArguments": list(arguments),
        "StartInterval": order.every_minutes * 60,
        "RunAtLoad": True,
    }
    return plistlib.dumps(document).decode()
