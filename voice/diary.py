"""Keep a conversation from run to run, in a file that only its owner may read, where the person wants it kept.

Not responsible for what is worth remembering (`voice.memory`).
"""

from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from voice.errors import SettingsError
from voice.memory import Conversation

_FORMAT: Final = TypeAdapter(Conversation)


def read_diary(file: Path | None) -> Conversation:
    """Return the conversation that a file keeps; an empty one where there is none.

    Raises:
        SettingsError: the file is there and holds no conversation.
    """
    if file is None or not file.exists():
        return Conversation()
    try:
        return _FORMAT.validate_json(file.read_bytes())
    except ValidationError as error:
        raise SettingsError(f"{file} holds no conversation; move it away or unset AURA_VOICE_MEMORY_FILE.") from error
    except OSError as error:
        raise SettingsError(f"{file}: {error.strerror}; set AURA_VOICE_MEMORY_FILE to another file.") from error


def write_diary(file: Path | None, conversation: Conversation) -> None:
    """Keep a conversation in place of the one before it; a file that cannot be written raises OSError."""
    if file is None:
        return
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = file.with_name(f"{file.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    fresh.write_bytes(_FORMAT.dump_json(conversation))
    fresh.replace(file)
