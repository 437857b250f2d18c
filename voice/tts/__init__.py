"""Voices, one file each: `connect(settings)` returns a `voice.providers.Speaker`."""
