"""What the environment can set, and what it must not."""

from pathlib import Path

import pytest

from aura_mcp.errors import SettingsError
from aura_mcp.settings import Settings


def test_state_lives_in_the_home_that_the_environment_names(own_home: Path) -> None:
    """Spec: `AURA_HOME` names the home, the database is in it."""
    assert Settings.load().database == own_home / "aura.duckdb"


def test_state_lives_in_the_folder_of_the_platform_otherwise(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Spec: the platform's user data directory; on Linux it follows XDG_DATA_HOME."""
    monkeypatch.delenv("AURA_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert Settings.load().database.parts[-2:] == ("aura", "aura.duckdb")


def test_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our rule: `AURA_THREADS=` in a service file changes nothing."""
    monkeypatch.setenv("AURA_THREADS", "")
    assert Settings.load().threads == Settings.model_fields["threads"].default


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("AURA_THREADS", "0", "greater than or equal to 1"),
        ("AURA_THREADS", "many", "valid integer"),
        ("AURA_MEMORY_LIMIT_MB", "64", "greater than or equal to 128"),
    ],
)
def test_value_out_of_range_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, reason: str
) -> None:
    """Our rule: the message names the variable, the value and the range."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"{name}='{value}': .*{reason}"):
        Settings.load()


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_described_with_its_default(name: str) -> None:
    """Our rule: every field has a description and a default; numbers have a range and a unit in it."""
    field = Settings.model_fields[name]
    assert field.description
    assert not field.is_required()
    if field.annotation is int:
        assert {type(limit).__name__ for limit in field.metadata} == {"Ge", "Le"}
