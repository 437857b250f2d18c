"""The providers as a process of their own, at one port, which is printed: `python -m tests.fakes.voice --port 0`.

`POST /_script` adds to the script: {"says": ["who leads"], "replies": [[{"type": "text", "text": "Alpha."}]],
"otherwise": [blocks], "pace": {"text_s": 0.3}, "faults": {"claude": [{"kind": "stall", "after": 3, "is_late": true}]}}.
`GET /_moments` returns what happened when (monotonic seconds), and forgets it; `GET /_heard` what was transcribed, and
for how many seconds the microphone had been heard.
"""

import argparse
import dataclasses
from functools import partial
from typing import Any

import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.fakes.voice.anthropic import Anthropic
from tests.fakes.voice.elevenlabs import ElevenLabs
from tests.fakes.voice.faults import Door, Fault, Kind
from tests.fakes.voice.openai import OpenAi
from tests.fakes.voice.script import Pace, Saying, Script
from tests.fakes.voice.serving import bound_to
from tests.fakes.voice.stand import application


def main() -> None:
    """Serve until the end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    for field in dataclasses.fields(Pace):
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=float, default=0.0)
    given = vars(parser.parse_args())
    listening = bound_to(given.pop("port"))
    script = Script(pace=Pace(**given))
    app = application(OpenAi(script), Anthropic(script), ElevenLabs(script))
    app.router.routes += [
        Route("/_script", partial(_add, script), methods=["POST"]),
        Route("/_moments", partial(_take, script)),
        Route("/_heard", partial(_heard, script)),
    ]
    # Whoever reads the port connects at once, and waits in line until the server is up.
    listening.listen()
    print(listening.getsockname()[1], flush=True)  # noqa: T201 - what the parent process reads
    config = uvicorn.Config(
        app, ws="websockets-sansio", log_level="critical", lifespan="off", ws_ping_interval=None, timeout_keep_alive=600
    )
    uvicorn.Server(config).run([listening])


async def _add(script: Script, request: Request) -> Response:
    asked: dict[str, Any] = await request.json()
    script.sayings += [Saying(said) if isinstance(said, str) else Saying(**said) for said in asked.get("says", ())]
    script.replies += asked.get("replies", ())
    script.otherwise = asked.get("otherwise", script.otherwise)
    script.pace = dataclasses.replace(script.pace, **asked.get("pace", {}))
    for door, faults in asked.get("faults", {}).items():
        script.faults.plan(Door(door), *map(_fault, faults))
    return JSONResponse({})


def _fault(fields: dict[str, Any]) -> Fault:
    return Fault(kind=Kind(fields.pop("kind")), **fields)


async def _take(script: Script, _: Request) -> Response:
    moments, script.moments = script.moments, []
    return JSONResponse([dataclasses.asdict(moment) for moment in moments])


async def _heard(script: Script, _: Request) -> Response:
    heard = [{"text": one.text, "seconds": len(one.pcm) / 2 / one.rate_hz} for one in script.heard]
    return JSONResponse(heard)


if __name__ == "__main__":
    main()
