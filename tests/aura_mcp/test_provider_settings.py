"""What the environment can set about each provider, and that it is never shown."""

import pytest

from aura_mcp.errors import SettingsError
from aura_mcp.provider_settings import ProviderSettings

PLANTED = "planted-secret-0123456789"


def load() -> ProviderSettings:
    """Return what is set about Helius."""
    return ProviderSettings.load("helius", "helius_api_key")


def test_nothing_set_means_what_the_provider_declares() -> None:
    """Our rule: None is the provider's own."""
    settings = load()
    own = (settings.url, settings.rpc_url, settings.socket_url, settings.api_key, settings.calls, settings.period_s)
    assert (own, settings.credit_limit, settings.attempts) == ((None,) * 6, None, 5)


@pytest.mark.parametrize("name", ["HELIUS_API_KEY", "AURA_HELIUS_API_KEY"])
def test_a_key_is_read_from_its_usual_variable_or_from_ours(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Spec: HELIUS_API_KEY, BIRDEYE_API_KEY, JUPITER_API_KEY, and the same behind AURA_."""
    monkeypatch.setenv(name, PLANTED)
    key = load().api_key
    assert key is not None
    assert key.get_secret_value() == PLANTED


def test_our_variable_comes_before_the_usual_one_and_an_empty_one_counts_as_unset(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Our rule: what is said to AURA alone is meant."""
    monkeypatch.setenv("HELIUS_API_KEY", "usual-key-0123456789")
    monkeypatch.setenv("AURA_HELIUS_API_KEY", "")
    assert (key := load().api_key)
    assert key.get_secret_value() == "usual-key-0123456789"
    monkeypatch.setenv("AURA_HELIUS_API_KEY", PLANTED)
    assert (key := load().api_key)
    assert key.get_secret_value() == PLANTED


def test_another_provider_s_variables_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our rule: a provider without a key reads none."""
    monkeypatch.setenv("SOLANA_RPC_API_KEY", PLANTED)
    monkeypatch.setenv("AURA_SOLANA_RPC_CALLS", "80")
    settings = ProviderSettings.load("solana_rpc", None)
    assert (settings.api_key, settings.calls, load().calls) == (None, 80, None)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("AURA_HELIUS_URL", f"ftp://{PLANTED}", "an address starts with http:// or https://"),
        ("AURA_HELIUS_SOCKET_URL", f"https://{PLANTED}", "starts with ws:// or wss://"),
        ("HELIUS_API_KEY", f"{PLANTED} and more", "a key is visible ASCII without spaces"),
        ("AURA_HELIUS_API_KEY", f"{PLANTED}\n", "a key is visible ASCII without spaces"),
        ("AURA_HELIUS_CALLS", "0", "greater than or equal to 1"),
        ("AURA_HELIUS_PERIOD_S", "0", "greater than 0"),
        ("AURA_HELIUS_ATTEMPTS", "many", "valid integer"),
        ("AURA_HELIUS_CREDIT_LIMIT", "-1", "greater than or equal to 0"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_the_name_of_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, reason: str
) -> None:
    """Our rule: one line with the variable and what is expected, and nothing of a secret, not even in its cause."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"^{name}: .*{reason}.*; mend the variable or unset it$") as caught:
        load()
    assert PLANTED not in str(caught.value)
    assert caught.value.__suppress_context__


def test_settings_show_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our rule: addresses are secrets too."""
    for name, value in (("URL", f"https://x/{PLANTED}"), ("RPC_URL", f"https://{PLANTED}"), ("API_KEY", PLANTED)):
        monkeypatch.setenv(f"AURA_HELIUS_{name}", value)
    assert PLANTED not in repr(load())


@pytest.mark.parametrize("name", ProviderSettings.model_fields)
def test_every_setting_is_described_with_its_default(name: str) -> None:
    """Our rule: every field has a description and a default."""
    field = ProviderSettings.model_fields[name]
    assert field.description
    assert not field.is_required()
