"""Refreshing through MCP: a job at once, progress while somebody waits, and an end nobody has to wait for."""

import json
from collections.abc import Awaitable, Callable

import anyio
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import TextResourceContents

from aura_mcp.app import Application
from aura_mcp.services.events import EventKind
from aura_mcp.services.jobs import Job, Outcome, Request
from aura_mcp.services.steps import Progress
from tests.aura_mcp._facts import address
from tests.aura_mcp.tools._asking import Era, Reply, ask, talk, to_reply

ERAS: tuple[Era, ...] = ("legacy", "2026-07-28")
BOUND_S = 5.0


class Work:
    """Two jobs that end when they are told to, and what they were asked for."""

    def __init__(self, *failures: str) -> None:
        self.release = anyio.Event()
        self.requests: list[Request] = []
        self.failures = failures

    def jobs(self) -> list[Job]:
        """Return the jobs."""
        return [Job(name=name, title=name, interval_s=300, run=self.run) for name in ("wallets", "prices")]

    async def run(self, request: Request, progress: Progress) -> Outcome:
        """Be one run."""
        self.requests.append(request)
        progress("signatures", 3, 9)
        await self.release.wait()
        return Outcome(summary={"signatures": 9, "by": {"rpc": 9}}, failures=self.failures)


def working(application: Application, work: Work, talking: Callable[[Client], Awaitable[object]], era: Era) -> None:
    """Talk to a server whose jobs are these."""

    async def run(client: Client) -> None:
        async with application.jobs.opened(work.jobs()):
            await talking(client)

    talk(application, run, era)


async def call(client: Client, tool: str, **arguments: object) -> Reply:
    """Call a tool."""
    return to_reply(await client.call_tool(tool, arguments))


@pytest.mark.parametrize("era", ERAS)
def test_refresh_answers_at_once_and_goes_on(own_world: Application, era: Era) -> None:
    """Spec: returns a job at once; the same job running is returned; job_status tells the end."""
    work = Work()

    async def talking(client: Client) -> None:
        started = await call(client, "refresh", since="2026-05-01")
        assert [(run["id"], run["job"], run["state"]) for run in started.content["runs"]] == [
            (1, "wallets", "running"),
            (2, "prices", "running"),
        ]
        again = await call(client, "refresh", what="wallets")
        assert [(run["id"], run["step"], run["done"], run["total"]) for run in again.content["runs"]] == [
            (1, "signatures", 3, 9)
        ]
        assert "run 1 is under way: signatures 3 of 9" in again.text
        work.release.set()
        ended = await call(client, "job_status", id=1, wait_s=BOUND_S)
        (run,) = ended.content["runs"]
        assert (run["state"], run["summary"]) == ("done", {"signatures": 9, "by": {"rpc": 9}})
        assert ended.text == "wallets: run 1 done: signatures 9."
        everything = await call(client, "job_status")
        assert [(job["name"], job["last_run"]["id"]) for job in everything.content["jobs"]] == [
            ("wallets", 1),
            ("prices", 2),
        ]
        assert [run["id"] for run in everything.content["runs"]] == [2, 1]

    working(own_world, work, talking, era)
    assert {request.since and request.since.isoformat() for request in work.requests} == {"2026-05-01T00:00:00+00:00"}


@pytest.mark.parametrize("era", ERAS)
def test_waiting_client_hears_of_progress(own_world: Application, era: Era, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spec: progress notifications while the client waits."""
    monkeypatch.setattr("aura_mcp.tools.jobs.STEP_S", 0.01)
    work = Work()
    heard: list[tuple[float, float | None, str | None]] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        heard.append((progress, total, message))
        if len(heard) == 2:
            work.release.set()

    async def talking(client: Client) -> None:
        arguments = {"what": "wallets", "wait_s": 20}
        result = to_reply(await client.call_tool("refresh", arguments, progress_callback=note))
        assert result.content["runs"][0]["state"] == "done"

    working(own_world, work, talking, era)
    assert heard[0] == (3, 9, "wallets: run 1 is under way: signatures 3 of 9; job_status tells when it has ended.")


def test_job_survives_the_timeout_of_the_client(own_world: Application) -> None:
    """Spec: survives the client's timeout."""
    work = Work()

    async def talking(client: Client) -> None:
        with pytest.raises(MCPError, match=r"(?i)timed? ?out"):
            await client.call_tool("refresh", {"what": "wallets", "wait_s": 30}, read_timeout_seconds=0.05)
        work.release.set()
        ended = await call(client, "job_status", id=1, wait_s=BOUND_S)
        assert ended.content["runs"][0]["state"] == "done"

    working(own_world, work, talking, "2026-07-28")


def test_failures_are_said(own_world: Application) -> None:
    """Our rule: what could not be fetched is in the answer, with the reason."""
    work = Work("solana_rpc: HTTP 503", "helius: no connection")
    work.release.set()

    async def talking(client: Client) -> None:
        ended = await call(client, "refresh", what="prices", wait_s=BOUND_S)
        assert ended.content["runs"][0]["failures"] == ["solana_rpc: HTTP 503", "helius: no connection"]
        assert ended.text == "prices: run 1 failed: solana_rpc: HTTP 503 and 1 other reason."

    working(own_world, work, talking, "auto")


def test_refresh_says_why_nothing_can_run(own_world: Application) -> None:
    """Our rule: a question that cannot be answered comes with the way out."""
    own_world.jobs.refuse("AURA_OFFLINE is set; unset it")
    refused = ask(own_world, "refresh")
    assert (refused.is_error, refused.text.partition("refresh: ")[2]) == (
        True,
        "job 'wallets' cannot run: AURA_OFFLINE is set; unset it",
    )
    unknown = ask(own_world, "job_status", {"id": 99})
    assert unknown.is_error
    assert "no run 99" in unknown.text
    assert ask(own_world, "job_status").text == "No job runs here, and none ever has."


@pytest.mark.parametrize("era", ERAS)
def test_events_are_a_resource_with_filters(own_world: Application, era: Era) -> None:
    """Spec: `aura://events` latest and filtered, by kind, wallet, mint, from a number on."""
    for name in ("one", "two", "three"):
        own_world.events.record(EventKind.JOB, name, {"name": name}, wallet=address("alice") if name == "two" else None)
    own_world.events.emit()

    async def reading(client: Client, uri: str) -> list[object]:
        (part,) = (await client.read_resource(uri)).contents
        assert isinstance(part, TextResourceContents)
        page = json.loads(part.text)
        assert page["last_number"] >= 3
        return [event["body"].get("name") for event in page["events"] if event["kind"] == "job"]

    async def talking(client: Client) -> None:
        assert await reading(client, "aura://events") == ["one", "two", "three"]
        assert await reading(client, "aura://events?kind=job&after=1&limit=1") == ["two"]
        assert await reading(client, f"aura://events?wallet={address('alice')}") == ["two"]
        assert await reading(client, "aura://events?kind=provider") == []
        with pytest.raises(MCPError):
            await client.read_resource("aura://events?kind=gossip")

    talk(own_world, talking, era)
