"""The official Inspector, at every door: it lists the tools without a finding and gets an answer from each."""

import json
import subprocess
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, NamedTuple

import duckdb
import pytest

from aura_mcp.app import open_application
from aura_mcp.bridge import Places
from aura_mcp.bundle import NpmTool
from aura_mcp.bundle.npm import environment
from aura_mcp.settings import Settings
from aura_mcp.tools import list_tools
from tests.aura_mcp.hub.processes import BRIDGE, environment_of, hub, info_of
from tests.e2e._npm import require

INSPECTOR: Final = NpmTool(
    package="@modelcontextprotocol/inspector", version="2.12.0", script="clients/launcher/build/index.js"
)
ERAS: Final = ("modern", "legacy")
AT_ONCE: Final = 2
BOUND_S: Final = 60
TOOL_FAILED: Final = 5
ALSO: Final = {"explain_pnl": ("mint",)}
"""Optional arguments of which a tool needs one."""

_BOUGHT_AND_SOLD: Final = """
    SELECT owner, mint FROM leg GROUP BY ALL
    HAVING count(*) FILTER (side = 'BUY') > 0 AND count(*) FILTER (side = 'SELL') > 0
    ORDER BY count(*) DESC, owner, mint LIMIT 1
"""

pytestmark = pytest.mark.timeout(240)


class Ran(NamedTuple):
    """What the Inspector left."""

    code: int
    out: str
    err: str

    def result(self) -> dict[str, Any]:
        """Return what the server answered."""
        assert (self.code, self.err) == (0, ""), self
        return json.loads(self.out)["result"]


class Door(NamedTuple):
    """A way to the server, in an era of the protocol."""

    inspect: Callable[..., Ran]
    arguments: dict[str, object]
    """A value for every argument that a tool may require, by its name."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home whose database holds the demo recording."""
    folder = tmp_path_factory.mktemp("home")
    with open_application(folder / "aura.duckdb", settings=Settings(home=folder)) as application:
        application.imports.run([Path(str(files("aura_mcp") / "demo" / "recording.jsonl.gz"))])
    return folder


@pytest.fixture(scope="module")
def arguments(home: Path) -> dict[str, object]:
    """Return arguments that mean something in that database."""
    with duckdb.connect(str(home / "aura.duckdb"), read_only=True) as connection:
        found = connection.execute(_BOUGHT_AND_SOLD).fetchone()
    assert found is not None
    owner, mint = found
    wallets = dict.fromkeys(("wallet", "address"), owner)
    tokens = dict.fromkeys(("mint", "token"), mint)
    sql = "SELECT count(*) AS trades FROM trade"
    return {**wallets, **tokens, "wallets": [owner], "tokens": [mint], "query": owner, "sql": sql}


@pytest.fixture(scope="module")
def places(home: Path, arguments: dict[str, object]) -> Generator[Places]:
    """Return where the running hub is found; `arguments` have been read before it took the file."""
    assert arguments
    with hub(environment_of(home, fixtures="", http_port="0")):
        yield Places(str(home))


@pytest.fixture(params=[(door, era) for door in ("stdio", "http") for era in ERAS], ids="-".join)
def door(request: pytest.FixtureRequest, tmp_path: Path, places: Places, arguments: dict[str, object]) -> Door:
    """Return each door in each era."""
    way, era = request.param
    command = require(INSPECTOR)
    token = Path(places.token).read_text("ascii").strip()
    http = [info_of(places).http_url, "--transport", "http", "--header", f"Authorization: Bearer {token}"]
    target = [*BRIDGE, "-e", f"AURA_HOME={places.home}"] if way == "stdio" else http

    def inspect(*words: str) -> Ran:
        own = {"MCP_CATALOG_PATH": str(tmp_path / "none.json"), "HOME": str(tmp_path)}
        return run([*command, "--cli", *target, "--protocol-era", era, "--format", "json", *words], own)

    return Door(inspect, arguments)


def run(command: list[str], own: dict[str, str]) -> Ran:
    """Run the Inspector to its end."""
    done = subprocess.run(
        command,
        env={**environment(command[0]), **own},
        stdin=subprocess.DEVNULL,
        check=False,
        capture_output=True,
        text=True,
        timeout=BOUND_S,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def fill(tool: dict[str, Any], values: dict[str, object]) -> dict[str, object]:
    """Return a value for every argument that the tool requires: ours by its name, else the first of its choices."""
    schema: dict[str, Any] = tool["inputSchema"]
    filled: dict[str, object] = {}
    for name in (*schema.get("required", []), *ALSO.get(tool["name"], ())):
        field: dict[str, Any] = schema["properties"][name]
        field = schema["$defs"][field["$ref"].rpartition("/")[2]] if "$ref" in field else field
        choices: list[object] = field.get("enum", [])
        assert name in values or choices, f"{tool['name']} requires {name!r}: give this test a value for it"
        filled[name] = values[name] if name in values else choices[0]
    return filled


def test_every_tool_is_listed_without_a_finding_and_answers(door: Door) -> None:
    """Spec: the official Inspector lists (`--strict`) and calls every tool, at every door, in both eras."""
    tools: list[dict[str, Any]] = door.inspect("--method", "tools/list", "--strict").result()["tools"]
    assert [tool["name"] for tool in tools] == [tool.function.__name__ for tool in list_tools()]

    def call(tool: dict[str, Any]) -> Ran:
        filled = json.dumps(fill(tool, door.arguments))
        return door.inspect("--method", "tools/call", "--tool-name", tool["name"], "--tool-args-json", filled)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for tool, ran in zip(tools, pool.map(call, tools), strict=True):
            if tool["name"] == "refresh":
                # Nothing here may reach a network: the refusal is the answer.
                assert ran.code == TOOL_FAILED
                assert "AURA_OFFLINE" in ran.out
                continue
            result = ran.result()
            assert not result.get("isError"), (tool["name"], result)
            assert result["content"][0]["text"]
            assert result["structuredContent"]


def test_refused_call_is_an_error_of_the_tool_and_not_of_the_protocol(door: Door) -> None:
    """Spec: bad input gives a ToolError; the Inspector tells it from a broken connection by its exit code."""
    ran = door.inspect("--method", "tools/call", "--tool-name", "query_sql", "--tool-args-json", '{"sql": "DROP"}')
    assert ran.code == TOOL_FAILED
    assert json.loads(ran.out)["result"]["isError"] is True


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("headers", [(), ("--header", "Authorization: Bearer wrong")], ids=["none", "wrong"])
def test_http_door_is_shut_without_the_token(
    tmp_path: Path, places: Places, era: str, headers: tuple[str, ...]
) -> None:
    """Spec: a bearer token; nothing is listed without it, and no login is begun."""
    command = require(INSPECTOR)
    words = ["--cli", info_of(places).http_url, "--transport", "http", *headers, "--protocol-era", era]
    method = ["--format", "json", "--stored-auth-only", "--method", "tools/list"]
    ran = run([*command, *words, *method], {"HOME": str(tmp_path)})
    assert ran.code != 0
    assert ran.out == ""
    assert "401" in ran.err or "auth" in ran.err.lower()


def test_inspector_is_the_pinned_one(tmp_path: Path) -> None:
    """Our rule: a new release never fails an old checkout."""
    ran = run([*require(INSPECTOR), "--cli", "--version"], {"HOME": str(tmp_path)})
    assert (ran.code, ran.out.strip()) == (0, INSPECTOR.version)
