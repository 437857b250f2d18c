"""Providers of speech and thought for the tests of the agent: one server for a module, a new script for each test."""

from collections.abc import Generator

import pytest

from tests.fakes.voice.stand import NAMES, VoiceProviders


@pytest.fixture(scope="module")
def running_providers() -> Generator[VoiceProviders]:
    """Return the providers of this module's tests."""
    with VoiceProviders() as providers:
        yield providers


@pytest.fixture
def providers(running_providers: VoiceProviders) -> Generator[VoiceProviders]:
    """Return the providers with a new script; ports that the test shut are opened again."""
    running_providers.renew()
    yield running_providers
    for name in NAMES:
        running_providers.admit(name)
