"""What Claude Desktop and the registry are told is what the project is."""

import json
import re
import tomllib
import zipfile
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import anyio
import msgspec
import pytest
from mcp import Client

from aura_mcp.app import open_application
from aura_mcp.bridge import VERSION
from aura_mcp.bundle import NodeMissingError, NpmTool, ToolFailedError, compose_manifest, npm, pack, packing, stage
from aura_mcp.server import build_server
from tests.e2e._npm import require

ROOT: Final = Path(__file__).resolve().parents[2]
KEYS: Final = {"HELIUS_API_KEY", "BIRDEYE_API_KEY", "JUPITER_API_KEY"}


def project() -> dict[str, Any]:
    """Return what pyproject.toml says."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def test_manifest_lists_exactly_the_tools_that_the_server_lists(tmp_path: Path) -> None:
    """Spec: the bundle's manifest; names and first lines of descriptions, in the server's order."""

    async def listed() -> list[tuple[str, str]]:
        with open_application(tmp_path / "empty.duckdb") as application:
            async with Client(build_server(application)) as client:
                tools = (await client.list_tools()).tools
        return [(tool.name, (tool.description or "").partition("\n")[0]) for tool in tools]

    found = [(tool["name"], tool["description"]) for tool in compose_manifest(ROOT)["tools"]]
    assert found == anyio.run(listed)
    assert len(found) > 0


def test_every_version_is_the_version_of_the_project() -> None:
    """Our rule: one version, wherever it is written."""
    server: dict[str, Any] = json.loads((ROOT / "server.json").read_text("utf-8"))
    written = {compose_manifest(ROOT)["version"], server["version"], server["packages"][0]["version"], VERSION}
    assert written == {project()["version"]}


def test_every_key_is_optional_and_sensitive() -> None:
    """Spec: `user_config` with sensitive keys; AURA works without any."""
    manifest = compose_manifest(ROOT)
    variables: dict[str, str] = manifest["server"]["mcp_config"]["env"]
    fields = {name: re.fullmatch(r"\$\{user_config\.(\w+)\}", value) for name, value in variables.items()}
    asked = {name: manifest["user_config"][found.group(1)] for name, found in fields.items() if found is not None}
    assert asked.keys() == variables.keys()
    assert {name for name, field in asked.items() if field.get("sensitive")} == KEYS
    assert [name for name, field in asked.items() if field["required"] or field["default"] != ""] == []


Line = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class Stdio(msgspec.Struct, forbid_unknown_fields=True):
    """How the package is spoken to."""

    type: Literal["stdio"]


class Variable(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """What a client may ask its user for."""

    name: str
    description: str
    format: Literal["string", "number", "boolean", "filepath"] = "string"
    is_required: bool = False
    is_secret: bool = False


class Package(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """Where a client gets the server from; ranges and `latest` are no versions."""

    registry_type: Literal["pypi"]
    identifier: str
    version: Annotated[str, msgspec.Meta(pattern=r"^[0-9]+[.][0-9]+[.][0-9]+$")]
    runtime_hint: Literal["uvx"]
    transport: Stdio
    environment_variables: list[Variable]


class Entry(msgspec.Struct, forbid_unknown_fields=True):
    """The part of server.schema.json of 2025-12-11 that this project uses, with nothing beside it."""

    schema: Annotated[str, msgspec.Meta(pattern="^https://static[.].*/schemas/2025-12-11/server[.]schema[.]json$")] = (
        msgspec.field(name="$schema")
    )
    name: Annotated[str, msgspec.Meta(min_length=3, max_length=200, pattern="^[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+$")]
    title: Line
    description: Line
    version: Annotated[str, msgspec.Meta(max_length=255)]
    packages: Annotated[list[Package], msgspec.Meta(min_length=1, max_length=1)]


def test_registry_entry_is_what_its_schema_allows() -> None:
    """Spec: https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json; nothing beside it."""
    (package,) = msgspec.json.decode((ROOT / "server.json").read_bytes(), type=Entry).packages
    assert package.identifier == project()["name"]
    assert package.identifier in project()["scripts"]
    assert {variable.name for variable in package.environment_variables if variable.is_secret} == KEYS
    assert [variable.name for variable in package.environment_variables if variable.is_required] == []


def test_staged_bundle_is_an_installable_project_with_pinned_versions(tmp_path: Path) -> None:
    """Our rule: the client's uv builds what was tested, from sources without anything generated."""
    stage(ROOT, tmp_path / "bundle")
    stage(ROOT, tmp_path / "bundle")
    found: dict[str, Any] = tomllib.loads((tmp_path / "bundle" / "pyproject.toml").read_text("utf-8"))
    assert found["project"] == project()
    pins: list[str] = found["tool"]["uv"]["constraint-dependencies"]
    assert pins == packing.read_pins(ROOT)
    assert [pin for pin in pins if pin.startswith("duckdb==2.")] != []
    files = {str(path.relative_to(tmp_path / "bundle")) for path in (tmp_path / "bundle").rglob("*")}
    assert {"LICENSE", "README.md", "aura_mcp/bridge.py", "aura_mcp/py.typed", "voice/__init__.py"} <= files
    assert [name for name in files if "__pycache__" in name or name.startswith("tests")] == []
    assert (tmp_path / "bundle" / compose_manifest(ROOT)["server"]["entry_point"]).is_file()


@pytest.mark.timeout(200)
def test_official_tool_accepts_and_packs_the_bundle(tmp_path: Path) -> None:
    """Spec: validated by the official tool; the archive holds the composed manifest."""
    require(packing.MCPB)
    bundle = pack(ROOT, tmp_path)
    with zipfile.ZipFile(bundle) as archive:
        assert json.loads(archive.read("manifest.json")) == compose_manifest(ROOT)
        assert "aura_mcp/bridge.py" in archive.namelist()


@pytest.mark.timeout(200)
def test_what_the_official_tool_refuses_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Our rule: a failure says which step refused and why."""
    require(packing.MCPB)

    def compose(_root: Path) -> dict[str, str]:
        return {"manifest_version": "0.4"}

    monkeypatch.setattr(packing, "compose_manifest", compose)
    with pytest.raises(ToolFailedError, match=r"\Amcpb validate refuses the bundle: [^\n]+\Z"):
        pack(ROOT, tmp_path)


def test_without_node_packing_is_refused_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spec: without node one clear line; our rule: and nothing is left behind."""
    npm.find_node.cache_clear()

    def find_none(_name: str) -> None:
        return None

    monkeypatch.setattr("importlib.util.find_spec", find_none)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NodeMissingError, match=r"\Athis needs Node 22\.19 or newer with npm: pip install [\w-]+\Z"):
        pack(ROOT, tmp_path / "build")
    npm.find_node.cache_clear()
    assert not (tmp_path / "build").exists()


def test_package_that_cannot_be_had_is_one_line_and_not_half_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our rule: an installation is there or it is not; npm is kept from any network here."""
    require(packing.MCPB)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("npm_config_offline", "true")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm-cache"))
    tool = NpmTool(package="@aura/absent", version="1.0.0", script="x.js")
    with pytest.raises(NodeMissingError, match=r"\Anpm cannot install @aura/absent@1\.0\.0: [^\n]+\Z"):
        tool.command()
    assert list((tmp_path / "aura" / "npm").iterdir()) == []


def test_pins_are_all_of_the_lock() -> None:
    """Our rule: as many constraints as the lock has requirements, markers included."""
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    assert len(packing.read_pins(ROOT)) == len(re.findall(r"^[A-Za-z0-9][^\n]*==", lock, re.MULTILINE))
    assert [pin for pin in packing.read_pins(ROOT) if "--hash" in pin or "\\" in pin] == []
