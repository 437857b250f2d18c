"""The official conformance suites, against the real hub, behind its own guard and token.

What fails is listed beside this file with its reason; the suite itself fails on a failure that is not listed, and on
an entry that no longer fails.
"""

import re
import subprocess
from pathlib import Path
from typing import Final

import pytest

from aura_mcp.bridge import Places
from aura_mcp.bundle import NpmTool
from aura_mcp.bundle.npm import environment
from tests.aura_mcp.hub.processes import environment_of, hub, info_of
from tests.e2e._door_opener import door_opener
from tests.e2e._npm import require

PACKAGE: Final = "@modelcontextprotocol/conformance"
VERSIONS: Final = {"2025-11-25": "0.1.16", "2026-07-28": "0.2.0-alpha.12"}
FIXTURES: Final = "tests.e2e.conformance_fixtures"
BOUND_S: Final = 240

REASON: Final = re.compile(r"  - [a-z0-9-]+  # \w.{15,}")

pytestmark = pytest.mark.timeout(300)


def expected(revision: str) -> Path:
    """Return the list of expected failures of a revision of the protocol."""
    return Path(__file__).with_name(f"conformance_expected_{revision}.yml")


@pytest.mark.parametrize("revision", VERSIONS)
def test_hub_conforms_but_for_what_is_listed(revision: str, tmp_path: Path) -> None:
    """Spec: conformance 0.1.16, and 0.2.0-alpha for 2026-07-28; every server scenario of the revision."""
    tool = NpmTool(package=PACKAGE, version=VERSIONS[revision], script="dist/index.js")
    command = require(tool)
    places = Places(str(tmp_path / "home"))
    with hub(environment_of(Path(places.home), fixtures=FIXTURES, http_port="0")):
        token = Path(places.token).read_text("ascii").strip()
        with door_opener(info_of(places).http_url, token) as url:
            words = ["server", "--url", url, "--suite", "all", "--spec-version", revision]
            listed = ["--expected-failures", str(expected(revision))]
            done = subprocess.run(
                [*command, *words, *listed, "--output-dir", str(tmp_path / "results")],
                env=environment(command[0]),
                cwd=tmp_path,
                check=False,
                capture_output=True,
                text=True,
                timeout=BOUND_S,
            )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    passed = re.search(r"Total: (\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed.group(1)) > 20


@pytest.mark.parametrize("revision", VERSIONS)
def test_every_expected_failure_has_its_reason(revision: str) -> None:
    """Spec: the list of expected failures in the repository, each with its reason."""
    lines = expected(revision).read_text("utf-8").splitlines()
    entries = [line for line in lines if line and not line.startswith(("#", "server:"))]
    assert [line for line in entries if not REASON.fullmatch(line)] == []


def test_product_never_serves_the_fixtures() -> None:
    """Our rule: they are reached through a setting that only tests make, and the wheel holds no test."""
    root = Path(__file__).resolve().parents[2]
    found = [path for path in (root / "aura_mcp").rglob("*.py") if "conformance" in path.read_text("utf-8")]
    assert found == []
