"""What the official conformance suite calls, served by the real hub to tests only (`AURA_FIXTURES`).

Names, argument names and contents are the suite's own: @modelcontextprotocol/conformance says them in its scenarios.
Not responsible for what is asserted (`test_conformance`).
"""

import base64
import json
from typing import Annotated, Any, Final, Literal, TypeVar

from mcp.server.mcpserver import AcceptedElicitation, Context, Elicit, ElicitationResult, ListRoots, Resolve, Sample
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.prompts.base import Prompt
from mcp_types import (
    AudioContent,
    Completion,
    CompletionArgument,
    CompletionContext,
    ContentBlock,
    CreateMessageResult,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    EmbeddedResource,
    ImageContent,
    InputRequiredResult,
    ListRootsResult,
    PromptReference,
    ResourceTemplateReference,
    SamplingMessage,
    TextContent,
    TextResourceContents,
)
from pydantic import BaseModel, Field, JsonValue, create_model

from aura_mcp.server import AuraServer
from aura_mcp.tools import Toolbox

AnyContext = Context[Toolbox, Any]
Form = TypeVar("Form", bound=BaseModel)
PNG: Final = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
WAV: Final = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA="
IMAGE: Final = ImageContent(type="image", data=PNG, mime_type="image/png")


class Answer(BaseModel):
    """What the user is asked for."""

    response: str = Field(description="The user's response")


class Name(BaseModel):
    """A name."""

    name: str


class Color(BaseModel):
    """A color."""

    color: str


class Consent(BaseModel):
    """A yes or no."""

    ok: bool


class Defaults(BaseModel):
    """A form with a default of every primitive type (SEP-1034)."""

    name: str = Field(default="John Doe", description="User name")
    age: int = Field(default=30, description="User age")
    score: float = Field(default=95.5, description="User score")
    status: Literal["active", "inactive", "pending"] = Field(default="active", description="User status")
    verified: bool = Field(default=True, description="Verification status")


def _titled() -> list[JsonValue]:
    titles: list[JsonValue] = [{"const": f"value{number}", "title": f"Option {number}"} for number in (1, 2, 3)]
    return titles


def _choice(**schema: JsonValue) -> Any:  # noqa: ANN401 - what pydantic says of its own fields
    return Field(json_schema_extra=schema)


_NAMES: Final[list[JsonValue]] = ["option1", "option2", "option3"]
Choices: Final = create_model(
    "Choices",
    untitledSingle=(str, _choice(enum=_NAMES)),
    titledSingle=(str, _choice(oneOf=_titled())),
    legacyEnum=(str, _choice(enum=_NAMES, enumNames=["Option One", "Option Two", "Option Three"])),
    untitledMulti=(list[str], _choice(items={"type": "string", "enum": _NAMES})),
    titledMulti=(list[str], _choice(items={"anyOf": _titled()})),
)
CONTACT: Final[dict[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }
    },
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"},
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}
"""A schema with every keyword of 2020-12 that a server might lose; no function has such a signature."""


def _sample(text: str) -> Sample:
    return Sample([SamplingMessage(role="user", content=TextContent(type="text", text=text))], max_tokens=100)


def _embedded(uri: str, mime_type: str, text: str) -> EmbeddedResource:
    return EmbeddedResource(type="resource", resource=TextResourceContents(uri=uri, mime_type=mime_type, text=text))


def _said(outcome: ElicitationResult[Form]) -> str:
    content = outcome.data.model_dump_json() if isinstance(outcome, AcceptedElicitation) else "{}"
    return f"action={outcome.action}, content={content}"


def _answer_to(context: AnyContext, key: str, field: str) -> str | None:
    """Return the text that the client has put into a form, None while it has not."""
    given = (context.input_responses or {}).get(key)
    content = given.content if isinstance(given, ElicitResult) and given.action == "accept" else None
    text = (content or {}).get(field)
    return text if isinstance(text, str) else None


def _question(key: str, field: str, message: str) -> InputRequiredResult:
    schema: dict[str, Any] = {"type": "object", "properties": {field: {"type": "string"}}, "required": [field]}
    form = ElicitRequestFormParams(message=message, requested_schema=schema)
    return InputRequiredResult(input_requests={key: ElicitRequest(params=form)})


async def ask_prompt(prompt: str) -> Sample:
    """Sample the prompt of the call."""
    return _sample(prompt)


async def ask_capital() -> Sample:
    """Sample a question."""
    return _sample("What is the capital of France?")


async def ask_message(message: str) -> Elicit[Answer]:
    """Ask what the call says."""
    return Elicit(message, Answer)


async def ask_defaults() -> Elicit[Defaults]:
    """Ask for a form with defaults."""
    return Elicit("Please review the form", Defaults)


async def ask_choices() -> Elicit[Any]:
    """Ask for choices."""
    return Elicit("Please choose", Choices)


async def ask_name() -> Elicit[Name]:
    """Ask for a name."""
    return Elicit("What is your name?", Name)


async def ask_consent() -> Elicit[Consent]:
    """Ask for consent."""
    return Elicit("Please confirm", Consent)


async def ask_roots() -> ListRoots:
    """Ask for the client's roots."""
    return ListRoots()


async def ask_color(_name: Annotated[Name, Resolve(ask_name)]) -> Elicit[Color]:
    """Ask for a color once the name is known."""
    return Elicit("What is your favorite color?", Color)


async def ask_what_the_client_can(context: AnyContext) -> Any:  # noqa: ANN401 - one of two questions
    """Ask for consent where the client can elicit, else sample."""
    can = context.client_capabilities
    return Elicit("Please confirm", Consent) if can and can.elicitation else _sample("Say something")


async def test_simple_text() -> str:
    """Return text."""
    return "This is a simple text response for testing."


async def test_image_content() -> ImageContent:
    """Return an image."""
    return IMAGE


async def test_audio_content() -> AudioContent:
    """Return a sound."""
    return AudioContent(type="audio", data=WAV, mime_type="audio/wav")


async def test_embedded_resource() -> EmbeddedResource:
    """Return a resource."""
    return _embedded("test://embedded-resource", "text/plain", "This is an embedded resource content.")


async def test_multiple_content_types() -> list[ContentBlock]:
    """Return text, an image and a resource."""
    data = _embedded("test://mixed-content-resource", "application/json", '{"test":"data","value":123}')
    return [TextContent(type="text", text="Multiple content types test:"), IMAGE, data]


async def test_tool_with_logging(context: AnyContext) -> str:
    """Log three messages."""
    for text in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        # Deprecated, and what the scenario of the older era is about.
        await context.info(text)  # pyright: ignore[reportDeprecated]
    return "done"


async def test_tool_with_progress(context: AnyContext) -> str:
    """Report progress three times."""
    for done in (0, 50, 100):
        await context.report_progress(done, 100, f"{done} of 100")
    return "done"


async def test_error_handling() -> str:
    """Fail."""
    raise ToolError("This tool intentionally returns an error for testing")


async def test_sampling(
    prompt: Annotated[str, Field(description="What to sample.")],
    reply: Annotated[CreateMessageResult, Resolve(ask_prompt)],
) -> str:
    """Return what the client's model says."""
    return f"LLM response: {prompt}: {reply.content}"


async def test_elicitation(
    message: Annotated[str, Field(description="What to ask.")],
    outcome: Annotated[ElicitationResult[Answer], Resolve(ask_message)],
) -> str:
    """Return what the user answers."""
    return f"{message} User response: {_said(outcome)}"


async def test_elicitation_sep1034_defaults(
    outcome: Annotated[ElicitationResult[Defaults], Resolve(ask_defaults)],
) -> str:
    """Return a form with defaults."""
    return f"Elicitation completed: {_said(outcome)}"


async def test_elicitation_sep1330_enums(outcome: Annotated[ElicitationResult[Any], Resolve(ask_choices)]) -> str:
    """Return choices."""
    return f"Elicitation completed: {_said(outcome)}"


async def test_reconnection(context: AnyContext) -> str:
    """Close the stream in the middle of the call (SEP-1699)."""
    await context.close_sse_stream()
    return "Reconnection test completed successfully."


async def test_missing_capability(reply: Annotated[CreateMessageResult, Resolve(ask_capital)]) -> str:
    """Need sampling."""
    return str(reply.content)


async def test_streaming_elicitation(outcome: Annotated[ElicitationResult[Consent], Resolve(ask_consent)]) -> str:
    """Ask in the middle of a stream."""
    return _said(outcome)


async def test_logging_tool(context: AnyContext) -> str:
    """Log once."""
    # Deprecated; the scenario checks that it is not sent unasked.
    await context.info("a message")  # pyright: ignore[reportDeprecated]
    return "done"


async def test_trigger_tool_change(context: AnyContext) -> str:
    """Say that the tools changed."""
    await context.notify_tools_changed()
    return "done"


async def test_trigger_prompt_change(context: AnyContext) -> str:
    """Say that the prompts changed."""
    await context.notify_prompts_changed()
    return "done"


async def test_input_required_result_elicitation(context: AnyContext) -> str | InputRequiredResult:
    """Greet by name."""
    name = _answer_to(context, "user_name", "name")
    return _question("user_name", "name", "What is your name?") if name is None else f"Hello, {name}!"


async def test_headers(
    region: Annotated[str, Field(description="Also sent as a header.", json_schema_extra={"x-mcp-header": "Region"})],
) -> str:
    """Take an argument that a client repeats as a header (SEP-2243)."""
    return region


async def json_schema_2020_12_tool() -> str:
    """Stand for a tool whose schema is `CONTACT`."""
    return "ok"


async def test_input_required_result_sampling(reply: Annotated[CreateMessageResult, Resolve(ask_capital)]) -> str:
    """Return what the client's model says."""
    return str(reply.content)


async def test_input_required_result_list_roots(roots: Annotated[ListRootsResult, Resolve(ask_roots)]) -> str:
    """Return the client's roots."""
    return ", ".join(str(root.uri) for root in roots.roots)


async def test_input_required_result_request_state(consent: Annotated[Consent, Resolve(ask_consent)]) -> str:
    """Keep state between two rounds."""
    return f"state-ok: {consent.ok}"


async def test_input_required_result_tampered_state(consent: Annotated[Consent, Resolve(ask_consent)]) -> str:
    """Keep state that must come back as it went."""
    return f"state-ok: {consent.ok}"


async def test_input_required_result_multiple_inputs(
    name: Annotated[Name, Resolve(ask_name)],
    reply: Annotated[CreateMessageResult, Resolve(ask_capital)],
    roots: Annotated[ListRootsResult, Resolve(ask_roots)],
) -> str:
    """Ask three things at once."""
    return f"{name.name} {reply.content} {len(roots.roots)}"


async def test_input_required_result_multi_round(
    name: Annotated[Name, Resolve(ask_name)], color: Annotated[Color, Resolve(ask_color)]
) -> str:
    """Ask one thing after the other."""
    return f"{name.name} likes {color.color}"


async def test_input_required_result_capabilities(
    answer: Annotated[object, Resolve(ask_what_the_client_can)],
) -> str:
    """Ask what the client can answer."""
    return str(answer)


async def test_simple_prompt() -> str:
    """Say a sentence."""
    return "This is a simple prompt for testing."


async def test_prompt_with_arguments(
    arg1: Annotated[str, Field(description="First test argument")],
    arg2: Annotated[str, Field(description="Second test argument")],
) -> str:
    """Say two arguments."""
    return f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'"


async def test_prompt_with_embedded_resource(
    resourceUri: Annotated[str, Field(description="URI of the resource to embed")],  # noqa: N803 - the suite's name
) -> list[Any]:
    """Show a resource."""
    return [_embedded(resourceUri, "text/plain", "Embedded resource content for testing."), "Please process it."]


async def test_prompt_with_image() -> list[Any]:
    """Show an image."""
    return [IMAGE, "Please analyze the image above."]


async def test_input_required_result_prompt(context: AnyContext) -> str | InputRequiredResult:
    """Ask before saying anything."""
    text = _answer_to(context, "user_context", "context")
    return _question("user_context", "context", "What context should the prompt use?") if text is None else text


async def static_text() -> str:
    """Return text."""
    return "This is the content of the static text resource."


async def static_binary() -> bytes:
    """Return an image."""
    return base64.b64decode(PNG)


async def template(id: str) -> str:  # noqa: A002 - the suite's name
    """Return what the address says."""
    return json.dumps({"id": id, "templateTest": True, "data": f"Data for ID: {id}"})


async def watched() -> str:
    """Return text that a client may watch."""
    return "Watched resource content."


async def complete(
    _ref: PromptReference | ResourceTemplateReference,
    _argument: CompletionArgument,
    _context: CompletionContext | None,
) -> Completion:
    """Complete nothing."""
    return Completion(values=[], total=0, has_more=False)


def register(server: AuraServer) -> None:
    """Add everything."""
    own = globals()
    for name, function in own.items():
        if name.startswith("test_prompt_with") or name in {"test_simple_prompt", "test_input_required_result_prompt"}:
            server.add_prompt(Prompt.from_function(function))
        elif name.startswith("test_"):
            server.add_tool(function, structured_output=False)
    server.add_tool(json_schema_2020_12_tool, structured_output=False)
    # The SDK takes schemas from signatures only.
    (registered,) = (tool for tool in server._tool_manager.list_tools() if tool.fn is json_schema_2020_12_tool)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    registered.parameters = CONTACT
    server.resource("test://static-text", mime_type="text/plain")(static_text)
    server.resource("test://static-binary", mime_type="image/png")(static_binary)
    server.resource("test://template/{id}/data", mime_type="application/json")(template)
    server.resource("test://watched-resource", mime_type="text/plain")(watched)
    if server.protocol.get_request_handler("completion/complete") is None:
        server.completion()(complete)
