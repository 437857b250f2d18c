"""Find the module of a provider by its name: a new file is a new provider, and nothing else changes."""

import importlib
import pkgutil
from typing import Any

from voice.errors import SettingsError


def names_in(package: str) -> list[str]:
    """Return the names of the providers of a package, sorted."""
    path = importlib.import_module(package).__path__
    return sorted(module.name for module in pkgutil.iter_modules(path) if not module.name.startswith("_"))


def find(package: str, name: str, setting: str) -> Any:  # noqa: ANN401 - a module; its `connect` is typed where used
    """Return the module of a provider.

    Raises:
        SettingsError: there is none of that name, or its packages are not installed.
    """
    known = names_in(package)
    if name not in known:
        raise SettingsError(f"{setting}={name!r}: there is no such provider; choose one of {', '.join(known)}.")
    try:
        return importlib.import_module(f"{package}.{name}")
    except ModuleNotFoundError as error:
        raise SettingsError(f"{error.name} is missing. Install it: pip install 'aura-mcp[voice]'.") from error
