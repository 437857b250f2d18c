"""Ask providers over HTTP: one file for each, one module that sends, values of `engine` and our own coming out."""

from data.providers._http import HttpSender
from data.providers.api import Api, Http
from data.providers.chain import Chain
from data.providers.exchange import Sender
from data.providers.health import Health, State
from data.providers.spec import (
    ApiKey,
    Capability,
    Pace,
    Paces,
    ProviderConfig,
    ProviderSpec,
    list_providers,
)

__all__ = [
    "Api",
    "ApiKey",
    "Capability",
    "Chain",
    "Health",
    "Http",
    "HttpSender",
    "Pace",
    "Paces",
    "ProviderConfig",
    "ProviderSpec",
    "Sender",
    "State",
    "list_providers",
]
