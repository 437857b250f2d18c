"""Think with Claude over the Messages API (https://docs.anthropic.com/en/api/messages-streaming).

Tools and system prompt are cached by the provider; thinking is off or short, since somebody waits for the first word.
What is thought before a call goes back with the call's result as it came, signed or sealed: the service refuses a turn
that goes on without it (https://platform.claude.com/docs/en/build-with-claude/thinking).
Not responsible for running tools (`voice.brain`).
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final, Literal, cast

import anthropic
import httpx2
from anthropic import AsyncAnthropic, DefaultAsyncHttpxClient
from anthropic.types import RawContentBlockDeltaEvent, RawMessageStreamEvent, ToolParam

from voice.errors import VoiceProviderError
from voice.providers import Mind, MindEvent, Request, Stop, TextDelta, ToolCall
from voice.refusals import Provider, wait_of
from voice.settings import VoiceSettings
from voice.tools import ToolInfo

ANTHROPIC: Final = Provider(name="Anthropic", key_name="ANTHROPIC_API_KEY")
MAX_TOKENS: Final = 2_000
"""Answers are far shorter; where a model thinks, its thoughts count too."""

KEPT_S: Final = 600.0
"""A connection is kept from one question to the next; five seconds, as by default, are less than a pause to think."""

# What each family of models takes to begin with the answer; other models do as they are used to.
_HASTE: Final[Mapping[str, Mapping[str, object]]] = {
    "claude-haiku": {"thinking": {"type": "disabled"}},
    "claude-sonnet": {"thinking": {"type": "between_tools"}},
    "claude-opus": {"output_config": {"effort": "low"}},
}
_CACHED: Final = {"type": "ephemeral"}
_THOUGHTS: Final = frozenset({"thinking", "redacted_thinking"})
_REASONS: Final[dict[str, Literal["end", "tool_use", "length", "refusal"]]] = {
    "end_turn": "end",
    "stop_sequence": "end",
    "tool_use": "tool_use",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refusal",
}


class Claude:
    """A Claude model."""

    name = ANTHROPIC.name

    def __init__(self, settings: VoiceSettings) -> None:
        key = settings.anthropic_api_key
        if key is None:
            raise ANTHROPIC.trouble("no_key")
        self._key = key.get_secret_value()
        self._model = settings.model
        self._timeout_s = settings.timeout_s
        # Retries would be silent seconds; the person hears what is wrong instead, and asks again.
        self._client = AsyncAnthropic(
            api_key=self._key,
            base_url=settings.anthropic_url,
            max_retries=0,
            timeout=settings.timeout_s,
            http_client=DefaultAsyncHttpxClient(limits=httpx2.Limits(keepalive_expiry=KEPT_S)),
        )

    async def start(self) -> None:
        """Open the connection that the first question will use."""
        try:
            await self._client.models.retrieve(self._model)
        except anthropic.NotFoundError:
            # A server that speaks the Messages API need not list its models.
            return
        except anthropic.AnthropicError as error:
            raise _as_ours(error, self._key) from error

    async def reply(self, request: Request) -> AsyncIterator[MindEvent]:
        """Yield one reply as it is written."""
        reading = _Reading()
        try:
            async with asyncio.timeout(self._timeout_s):
                stream = await self._client.messages.create(
                    model=self._model,
                    max_tokens=MAX_TOKENS,
                    extra_body=_haste_of(self._model),
                    system=[{"type": "text", "text": request.system, "cache_control": {"type": "ephemeral"}}],
                    messages=cast("Any", request.messages),
                    tools=_tools(request.tools),
                    stream=True,
                )
            async with stream:
                events = aiter(stream)
                while True:
                    async with asyncio.timeout(self._timeout_s):
                        event = await anext(events, None)
                    if event is None:
                        break
                    for found in reading.read(event):
                        yield found
        except anthropic.AnthropicError as error:
            raise _as_ours(error, self._key) from error
        except httpx2.HTTPError as error:
            # What breaks in the middle of a stream comes as it is, not as one of the SDK's errors.
            raise ANTHROPIC.trouble("no_network") from error
        except ValueError as error:
            raise ANTHROPIC.trouble("unexpected") from error
        except TimeoutError as error:
            raise ANTHROPIC.trouble("stalled") from error
        if not reading.is_complete:
            raise ANTHROPIC.trouble("stalled")

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()


class _Reading:
    """What has arrived of one reply: its blocks in order, as they go back in the next round of the turn."""

    def __init__(self) -> None:
        self.is_complete = False
        self._blocks: dict[int, dict[str, Any]] = {}
        self._inputs: dict[int, list[str]] = {}
        self._input = self._cached = 0

    def read(self, event: RawMessageStreamEvent) -> list[MindEvent]:
        match event.type:
            case "message_start":
                usage = event.message.usage
                self._cached = usage.cache_read_input_tokens or 0
                self._input = usage.input_tokens + self._cached + (usage.cache_creation_input_tokens or 0)
            case "content_block_start":
                self._blocks[event.index] = event.content_block.to_dict()
                if event.content_block.type == "tool_use":
                    self._inputs[event.index] = []
            case "content_block_delta":
                return self._more(event)
            case "content_block_stop":
                if self._blocks.get(event.index, {}).get("type") == "tool_use":
                    return [self._call(event.index)]
            case "message_delta":
                reason = _REASONS.get(event.delta.stop_reason or "", "end")
                self.is_complete = True
                return [Stop(reason, self._input, self._cached, event.usage.output_tokens, self._verbatim())]
            case "message_stop":
                pass
        return []

    def _more(self, event: RawContentBlockDeltaEvent) -> list[MindEvent]:
        block, delta = self._blocks.setdefault(event.index, {"type": "text"}), event.delta
        match delta.type:
            case "text_delta":
                block["text"] = block.get("text", "") + delta.text
                return [TextDelta(delta.text)]
            case "thinking_delta":
                block["thinking"] = block.get("thinking", "") + delta.thinking
            case "signature_delta":
                block["signature"] = delta.signature
            case "input_json_delta":
                self._inputs.setdefault(event.index, []).append(delta.partial_json)
            case "citations_delta":
                pass
        return []

    def _call(self, index: int) -> ToolCall:
        block = self._blocks[index]
        block["input"] = _arguments("".join(self._inputs.pop(index)))
        return ToolCall(block["id"], block["name"], block["input"])

    def _verbatim(self) -> tuple[Mapping[str, Any], ...]:
        """Return the reply as it must go back with the results of its calls, where the model has thought about them."""
        # The service may write a text that is empty, and refuses to read one.
        kept = tuple(
            block for block in self._blocks.values() if block["type"] != "text" or block.get("text", "").strip()
        )
        kinds = {block["type"] for block in kept}
        return kept if "tool_use" in kinds and not _THOUGHTS.isdisjoint(kinds) else ()


def connect(settings: VoiceSettings) -> Mind:
    """Return the model that the settings name.

    Raises:
        VoiceProviderError: there is no key.
    """
    return Claude(settings)


def _haste_of(model: str) -> Mapping[str, object]:
    return next((haste for family, haste in _HASTE.items() if model.startswith(family)), dict[str, object]())


def _arguments(text: str) -> dict[str, Any]:
    try:
        arguments: object = json.loads(text) if text.strip() else {}
    except ValueError:
        arguments = None
    # A call that cannot be read is passed on as one that the tool will refuse: the model then corrects it.
    return cast("dict[str, Any]", arguments) if isinstance(arguments, dict) else {}


def _tools(tools: Any) -> list[ToolParam]:  # noqa: ANN401
    infos: list[ToolInfo] = sorted(tools, key=lambda tool: tool.name)
    told: list[dict[str, Any]] = [
        {"name": tool.name, "description": tool.description, "input_schema": dict(tool.input_schema)} for tool in infos
    ]
    if told:
        told[-1]["cache_control"] = _CACHED
    return cast("list[ToolParam]", told)


def _as_ours(error: anthropic.AnthropicError, key: str) -> VoiceProviderError:
    if isinstance(error, anthropic.APITimeoutError):
        return ANTHROPIC.trouble("stalled")
    if isinstance(error, anthropic.APIStatusError):
        wait_s = wait_of(error.response.headers)
        # What goes wrong in the middle of a stream comes with the status of its beginning.
        status = error.status_code if error.response.is_error else None
        return ANTHROPIC.refusal(status, f"{error.type} {error}", key=key, wait_s=wait_s)
    if isinstance(error, anthropic.APIResponseValidationError):
        return ANTHROPIC.trouble("unexpected")
    return ANTHROPIC.trouble("no_network")
