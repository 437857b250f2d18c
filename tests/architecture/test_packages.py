"""Every package is documented, typed and says what it exports."""

import ast
import importlib
from pathlib import Path

import pytest

from tests.architecture._repository import PACKAGES, ROOT, modules_of, project_files, syntax_tree

FOLDERS = sorted({path.parent for package in PACKAGES for path in modules_of(package)})


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("name", ["__init__.py", "docs.md", "py.typed"])
def test_package_has_its_papers(package: str, name: str) -> None:
    """Our rule: a package explains itself in one page and ships its types."""
    assert Path(package, name) in project_files()


@pytest.mark.parametrize("package", PACKAGES)
def test_page_of_a_package_is_short_and_not_empty(package: str) -> None:
    """Our rule: at most one page."""
    lines = (ROOT / package / "docs.md").read_text(encoding="utf-8").splitlines()
    assert 3 <= len(lines) <= 80


@pytest.mark.parametrize("folder", FOLDERS, ids=str)
def test_folder_of_modules_is_a_package(folder: Path) -> None:
    """Our rule: no namespace packages, import-linter and the wheel would not see them."""
    assert folder / "__init__.py" in project_files()


@pytest.mark.parametrize("folder", FOLDERS, ids=str)
def test_package_names_everything_it_exports(folder: Path) -> None:
    """Our rule: `__all__` is what `__init__` imports for others (ruff keeps it sorted), and all of it is there."""
    package = importlib.import_module(".".join(folder.parts))
    exported: list[str] = getattr(package, "__all__", [])
    imported = {
        alias.asname or alias.name
        for node in syntax_tree(folder / "__init__.py").body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert len(set(exported)) == len(exported)
    assert imported - set(exported) == set()
    assert [name for name in exported if not hasattr(package, name)] == []
