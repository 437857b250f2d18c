"""Microphone and speaker, opened once and kept open; what is heard, what is said, and whether anybody speaks."""

from voice.audio.devices import Device, Devices, find_devices, list_devices
from voice.audio.microphone import Microphone, Tap
from voice.audio.player import Player

__all__ = ["Device", "Devices", "Microphone", "Player", "Tap", "find_devices", "list_devices"]
