"""Who may know whom, checked by import-linter, and what it cannot see, checked on the syntax trees."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture._repository import ROOT, imported_roots, modules_of, syntax_tree

BRIDGE = Path("aura_mcp/bridge.py")
IMPURE_CALLS = frozenset({"breakpoint", "eval", "exec", "input", "open", "print"})
CLOCK_METHODS = frozenset({"now", "today", "utcnow"})


def test_import_contracts_are_kept() -> None:
    """Spec: DESIGN §2; the contracts stand in pyproject.toml."""
    linter = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run([linter, "--no-cache"], cwd=ROOT, check=False, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def test_bridge_imports_only_the_standard_library() -> None:
    """Spec: DESIGN §1, a byte pump that starts in milliseconds."""
    assert imported_roots(BRIDGE) <= sys.stdlib_module_names


def test_package_on_the_path_of_the_bridge_imports_nothing() -> None:
    """Spec: DESIGN §2, `aura_mcp/__init__.py` runs before the bridge does."""
    assert imported_roots(Path("aura_mcp/__init__.py")) == set()


@pytest.mark.parametrize("module", modules_of("engine"), ids=str)
def test_core_neither_reads_a_clock_nor_touches_the_world(module: Path) -> None:
    """Spec: DESIGN §2; calls that need no import, so that import-linter does not see them."""
    calls = [node.func for node in ast.walk(syntax_tree(module)) if isinstance(node, ast.Call)]
    named = {call.id for call in calls if isinstance(call, ast.Name)}
    methods = {call.attr for call in calls if isinstance(call, ast.Attribute)}
    assert named & IMPURE_CALLS == set()
    assert methods & CLOCK_METHODS == set()


def test_only_the_clock_reads_the_real_time() -> None:
    """Our rule: `data/clock.py`, and for its deadlines the bridge, which may not import the clock."""
    excused = [
        str(module)
        for package in ("aura_mcp", "data", "engine", "voice")
        for module in modules_of(package)
        if "TID251" in (ROOT / module).read_text(encoding="utf-8")
    ]
    assert set(excused) <= {str(BRIDGE)}
