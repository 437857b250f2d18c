"""Providers do not know each other, and nobody but the two boundaries knows the libraries of the wire."""

import ast

import pytest

from data.providers import list_providers
from tests.architecture._repository import imported_roots, modules_of, syntax_tree

MODULES = {path.stem: path for path in modules_of("data") if path.parent.name == "providers"}
NAMES = {spec.name for spec in list_providers()}
BOUNDARIES = {"httpx": {"_http", "api"}, "websockets": {"_socket"}}


def imported_modules(name: str) -> set[str]:
    """Return the modules of the package that a module imports."""
    found: set[str] = set()
    for node in ast.walk(syntax_tree(MODULES[name])):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("data.providers"):
            found |= {str(node.module).rpartition(".")[2], *(alias.name for alias in node.names)}
    return found


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_provider_does_not_know_another(name: str) -> None:
    """Spec: DESIGN §2."""
    assert imported_modules(name) & (NAMES - {name}) == set()


@pytest.mark.parametrize("library", BOUNDARIES)
def test_a_library_of_the_wire_is_known_at_its_boundary_only(library: str) -> None:
    """STYLE 22: foreign exceptions become ours at one boundary; `api` only names the type of a transport."""
    assert {name for name, path in MODULES.items() if library in imported_roots(path)} == BOUNDARIES[library]
