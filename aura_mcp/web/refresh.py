"""Start a refresh over HTTP, for n8n and the like: `POST /refresh?what=all&wait_s=60`, with the token of the hub.

Not responsible for who may ask: the guard stands before every route (`hub.http`).
"""

from typing import Annotated, Final

import msgspec
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aura_mcp.errors import AuraError
from aura_mcp.services.jobs import Cause, Jobs, Run
from aura_mcp.services.questions import What
from aura_mcp.services.refresh import is_complete, run_document, start_refresh

PATH: Final = "/refresh"
MAX_WAIT_S: Final = 600

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


class _Question(BaseModel):
    model_config = ConfigDict(extra="forbid")

    what: What = What.ALL
    since: str | None = None
    wait_s: Annotated[float, Field(ge=0, le=MAX_WAIT_S)] = 0


def refresh_route(jobs: Jobs) -> Route:
    """Return the route: 202 while something runs, 200 when everything was fetched, 502 when something could not be."""

    async def refresh(request: Request) -> Response:
        try:
            question = _Question.model_validate(dict(request.query_params))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            return _answer({"error": f"{'.'.join(map(str, first['loc']))}: {first['msg']}"}, 400)
        try:
            runs = await start_refresh(jobs, question.what, Cause.HTTP, question.since)
        except AuraError as error:
            return _answer({"error": str(error)}, 400 if question.since else 503)
        if question.wait_s:
            runs = await jobs.wait([run.number for run in runs], question.wait_s)
        return _answer({"runs": [run_document(run) for run in runs]}, _status(runs))

    return Route(PATH, refresh, methods=["POST"])


def _status(runs: list[Run]) -> int:
    if any(run.is_running for run in runs):
        return 202
    return 200 if is_complete(runs) else 502


def _answer(value: object, status: int) -> Response:
    return Response(_ENCODER.encode(value), status, media_type="application/json")
