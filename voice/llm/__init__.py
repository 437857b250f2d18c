"""Language models, one file each: `connect(settings)` returns a `voice.providers.Mind`."""
