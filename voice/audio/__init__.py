"""Microphone and speaker, opened once and kept open; what is heard, what is said, and whether anybody speaks."""

from voice.audio.devices import Device, Devices, find_devices, list_devices
from voice.audio.microphone import Microphone, Tap
from voice.audio.player import Player
from voice.audio.sound import Sound

__all__ = ["Device", "Devices", "Microphone", "Player", "Sound", "Tap", "find_devices", "list_devices"]
