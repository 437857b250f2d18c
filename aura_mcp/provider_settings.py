"""Say what the user can set about each provider, from the environment.

Every provider has the same settings, each `AURA_`, the provider's name and the field's in capitals:
`AURA_SOLANA_RPC_URL`, `AURA_HELIUS_CREDIT_LIMIT`. A key may also stand in its usual variable, `HELIUS_API_KEY`.
Not responsible for acting on them (`services.providers`), or for which providers there are.
"""

import os
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from aura_mcp.errors import SettingsError
from aura_mcp.settings import PREFIX

_SCHEMES: Final = ("http://", "https://")
_SOCKET_SCHEMES: Final = ("ws://", "wss://")


def _is_address(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith(_SCHEMES):
        raise ValueError("an address starts with http:// or https://")
    return value


def _is_socket_address(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith(_SOCKET_SCHEMES):
        raise ValueError("an address of a WebSocket starts with ws:// or wss://")
    return value


def _is_key(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("a key is visible ASCII without spaces; copy it again")
    return value


# Addresses are secrets too: many services put the key into them.
Address = Annotated[SecretStr, AfterValidator(_is_address)]
SocketAddress = Annotated[SecretStr, AfterValidator(_is_socket_address)]
Key = Annotated[SecretStr, AfterValidator(_is_key)]


class ProviderSettings(BaseModel):
    """What can be set about one provider; None means what the provider itself declares."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    url: Address | None = Field(default=None, description="Its address, for a proxy or a node of your own.")
    rpc_url: Address | None = Field(default=None, description="The address of its Solana node, where it has one.")
    socket_url: SocketAddress | None = Field(
        default=None, description="The address of its node's WebSocket. Default: that of the node."
    )
    api_key: Key | None = Field(default=None, description="Its key. Default: its usual variable, e.g. HELIUS_API_KEY.")
    calls: int | None = Field(
        default=None, ge=1, le=1_000_000, description="Calls that it allows in a period (1 to 1000000)."
    )
    period_s: float | None = Field(default=None, gt=0, le=86_400, description="Seconds of that period (up to 86400).")
    credit_limit: int | None = Field(
        default=None, ge=0, le=1_000_000_000_000, description="Credits that may be spent in a calendar month (UTC)."
    )
    batch: int = Field(
        default=1, ge=1, le=100, description="Transactions in one request, for a node of your own (1 to 100)."
    )
    timeout_s: float = Field(default=15.0, gt=0, le=600, description="Seconds for one attempt (up to 600).")
    attempts: int = Field(default=5, ge=1, le=20, description="Attempts of one call (1 to 20); 1: no retries.")
    patience_s: float = Field(
        default=60.0, ge=0, le=3_600, description="Seconds that a call waits between its attempts in all (up to 3600)."
    )
    backoff_s: float = Field(
        default=0.5, ge=0, le=60, description="Seconds before the second attempt, doubling with each (up to 60)."
    )
    pause_s: float = Field(
        default=15.0, ge=0, le=3_600, description="Seconds without calls after failures in a row (up to 3600)."
    )

    @classmethod
    def load(cls, provider: str, key_name: str | None) -> Self:
        """Return the settings of `provider` in this process's environment; `key_name` is where its key usually is.

        Raises:
            SettingsError: a variable is out of its range; the message shows no address and no key.
        """
        names = {field: f"{PREFIX}{provider}_{field}".upper() for field in cls.model_fields}
        if key_name is not None and not os.environ.get(names["api_key"]):
            names["api_key"] = key_name.upper()
        values = {field: value for field, name in names.items() if (value := os.environ.get(name))}
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            name, reason = names[str(first["loc"][0])], first["msg"].removeprefix("Value error, ")
            # Without the cause: it would show what was set.
            raise SettingsError(f"{name}: {reason}; mend the variable or unset it") from None
