"""What the architecture tests look at: the files of the project, as text and as syntax trees."""

import ast
import subprocess
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = ("aura_mcp", "data", "engine", "voice")


@cache
def project_files() -> tuple[Path, ...]:
    """Return the files that are, or would be, committed, relative to the root, in order."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return tuple(sorted(path for path in map(Path, filter(None, listed.stdout.split("\0"))) if (ROOT / path).is_file()))


def modules_of(package: str) -> tuple[Path, ...]:
    """Return the modules of a package, relative to the root."""
    return tuple(path for path in project_files() if path.parts[0] == package and path.suffix == ".py")


@cache
def syntax_tree(path: Path) -> ast.Module:
    """Return the syntax tree of a module named relative to the root."""
    return ast.parse((ROOT / path).read_text(encoding="utf-8"), filename=str(path))


def imported_roots(path: Path) -> set[str]:
    """Return the top-level names of everything a module imports, wherever in it the import stands."""
    roots: set[str] = set()
    for node in ast.walk(syntax_tree(path)):
        if isinstance(node, ast.Import):
            roots.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            roots.add("." if node.level else (node.module or "").partition(".")[0])
    return roots
