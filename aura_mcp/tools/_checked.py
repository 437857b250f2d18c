"""Check what a tool is called with: an argument that it does not have is an error, and every error is one line.

Left alone, the SDK drops arguments it does not know: `find_trades` with `wallets` would list everybody's trades.
"""

import inspect
from typing import TYPE_CHECKING, Any, Final

from mcp.server.mcpserver.context import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from pydantic import ValidationError, create_model
from pydantic_core import ErrorDetails

from engine.text import quote_text

if TYPE_CHECKING:
    from aura_mcp.tools.toolbox import ToolSpec

MOST_ERRORS: Final = 3
_UNKNOWN: Final = "extra_forbidden"


class CheckedTool(Tool):
    """A tool that says in one line what is wrong with its arguments."""

    async def run(
        self,
        arguments: dict[str, Any],
        context: Context[Any, Any],
        convert_result: bool = False,  # noqa: FBT001, FBT002
    ) -> object:
        """Run the tool.

        Raises:
            ToolError: the arguments are wrong, or the tool says so.
        """
        try:
            return await super().run(arguments, context, convert_result)
        except ToolError as error:
            if not isinstance(error.__cause__, ValidationError):
                raise
            raise ToolError(f"Error executing tool {self.name}: {self._wrong(error.__cause__)}") from error

    def _wrong(self, error: ValidationError) -> str:
        found = error.errors(include_url=False, include_context=False)
        lines = [_line(entry) for entry in found[:MOST_ERRORS]]
        if len(found) > MOST_ERRORS:
            lines.append(f"and {len(found) - MOST_ERRORS} more")
        return f"{'; '.join(lines)}. Its arguments are {', '.join(self.parameters['properties'])}"


def checked(spec: "ToolSpec") -> Tool:
    """Return the tool as a server takes it.

    A tool without arguments takes any: some clients send one that stands for none.
    """
    # Clients show the text as it is sent: without the indentation of the source.
    description = inspect.getdoc(spec.function)
    tool = CheckedTool.from_function(
        spec.function, title=spec.title, description=description, annotations=spec.annotations()
    )
    arguments = tool.fn_metadata.arg_model
    if arguments.model_fields:
        strict = create_model(arguments.__name__, __base__=arguments, __cls_kwargs__={"extra": "forbid"})
        tool.fn_metadata.arg_model = strict
        tool.parameters = strict.model_json_schema(by_alias=True)
    return tool


def _line(entry: ErrorDetails) -> str:
    name = quote_text(".".join(str(part) for part in entry["loc"]))
    if entry["type"] == _UNKNOWN:
        return f"there is no argument {name}"
    if entry["type"] == "missing":
        return f"{name} is missing"
    message, found = entry["msg"], entry["input"]
    given = quote_text(found if isinstance(found, str) else str(found))
    return f"{name}: {message[:1].lower()}{message[1:]}, not {given}"
