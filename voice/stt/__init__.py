"""Ears, one file each: `connect(settings)` returns a `voice.providers.Transcriber`."""
