"""Every request to every provider: again when that may help, never more than asked for, and never with a key shown."""

import logging
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import anyio
import httpx
import pytest

from data.errors import ProviderError
from data.providers import Api, ApiKey, Health, ProviderConfig, State
from tests.data.providers._asking import CONFIG, KEY, OK, SPEC, Scripted, asking, with_header_key
from tests.virtual_time import START_S, VirtualClock


async def ask(api: Api) -> bytes:
    """Ask once."""
    return await api.request("prices", path="/prices", params={"ids": "a,b"})


def refused(
    *answers: Scripted, config: ProviderConfig = CONFIG, work: Callable[[Api], Awaitable[object]] = ask
) -> tuple[ProviderError, list[float], Health]:
    """Return the error that asking ends with, when each attempt was made, and the health after it."""

    async def failing(api: Api) -> tuple[ProviderError, Health]:
        with pytest.raises(ProviderError) as caught:
            await work(api)
        return caught.value, api.health

    (error, health), server = asking(failing, *answers, config=config)
    assert "\n" not in str(error)
    return error, server.times_s, health


def answer(status: int, **headers: str) -> httpx.Response:
    """Return an answer without a useful body."""
    return httpx.Response(status, headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_a_request_is_what_was_asked_for_with_the_key_where_the_provider_wants_it() -> None:
    """Provider: Helius takes its key in the query, Birdeye and Jupiter in a header."""
    body, server = asking(ask, OK)
    assert body == OK.content
    (request,) = server.requests
    assert (request.method, str(request.url)) == (
        "GET",
        f"https://api.example.com/v1/prices?ids=a%2Cb&api-key={KEY}",
    )
    _, server = asking(ask, OK, spec=with_header_key("X-API-KEY"))
    assert server.requests[0].headers["x-api-key"] == KEY
    assert KEY not in str(server.requests[0].url)


def test_an_address_of_ones_own_keeps_its_path_and_its_query() -> None:
    """Our rule: nodes are rented under addresses with a key in the path or the query."""
    config = ProviderConfig(base_url="https://node.example.com/private-path?token=own")

    async def work(api: Api) -> bytes:
        return await api.request("getSlot", method="POST", json={"id": 1})

    _, server = asking(work, OK, config=config)
    (request,) = server.requests
    assert str(request.url) == "https://node.example.com/private-path?token=own"
    assert (request.content, request.headers["content-type"]) == (b'{"id":1}', "application/json")


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again_with_growing_waits(status: int) -> None:
    """STYLE 22: 4xx is final except 408 and 429; waits are 1, 2 and 4 s here, at most."""
    (body, health), server = asking(told_and_health, answer(status), answer(status), answer(status), OK)
    assert body == OK.content
    assert server.times_s == [0.0, 1.0, 3.0, 7.0]
    assert (health.state, health.calls, health.refusals + health.failures) == (State.OK, 4, 3)


async def told_and_health(api: Api) -> tuple[bytes, Health]:
    """Ask once and look at the health."""
    return await ask(api), api.health


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413, 301, 302])
def test_what_will_not_pass_is_final(status: int) -> None:
    """STYLE 22; a redirect is not followed, because the key would go with it."""
    error, times_s, health = refused(answer(status, location="https://elsewhere.example.com/"))
    assert (error.provider, error.retryable, error.status_code) == ("example", False, status)
    assert times_s == [0.0]
    assert health.state is State.OK


@pytest.mark.parametrize(
    ("config", "advice"), [(CONFIG, "check EXAMPLE_API_KEY"), (replace(CONFIG, api_key=None), "set EXAMPLE_API_KEY")]
)
def test_a_refused_key_is_told_by_the_name_of_its_variable(config: ProviderConfig, advice: str) -> None:
    """Our rule: an error says what to do next."""
    error, _, _ = refused(answer(401), config=config)
    assert advice in str(error)


def test_attempts_end() -> None:
    """Spec: retries within attempts; the last error is told."""
    error, times_s, health = refused(answer(503))
    assert len(times_s) == 4
    assert (error.retryable, error.status_code) == (True, 503)
    assert (health.state, health.failures, health.wait_s) == (State.FAILING, 4, 0.0)


def test_retries_can_be_switched_off() -> None:
    """Spec: publicly, with one attempt."""
    error, times_s, _ = refused(answer(503), config=CONFIG.without_retries())
    assert (times_s, error.status_code) == ([0.0], 503)


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ConnectError("refused"),
        httpx.ReadError("reset"),
        httpx.RemoteProtocolError("half a body"),
        httpx.ConnectTimeout("slow"),
        httpx.DecodingError("gzip"),
        httpx.Response(200, html="<html>busy</html>"),
        httpx.Response(200, content=b'{"value":'),
        httpx.Response(200, content=b""),
        httpx.Response(200, content=b"[" * 50_000),
    ],
    ids=range(9),
)
def test_a_broken_answer_is_asked_for_again(failure: Scripted) -> None:
    """Spec: a body that is no JSON, an error page and half a body are failures that may pass."""
    (body, health), server = asking(told_and_health, failure, OK)
    assert body == OK.content
    assert (len(server.requests), health.failures, health.state) == (2, 1, State.OK)
    assert str(health.last_error).startswith("Example prices: ")


def test_an_answer_that_a_reader_refuses_is_asked_for_again() -> None:
    """Spec: strict about meaning; the reader decides, as for a JSON-RPC error inside an HTTP 200."""
    bodies = iter([429, 503, ValueError("wrong unit"), None])

    def read(_: bytes) -> str:
        problem = next(bodies)
        if isinstance(problem, int):
            raise ProviderError("told in the body", provider="example", retryable=True, status_code=problem)
        if problem is not None:
            raise problem
        return "read"

    async def work(api: Api) -> tuple[str, Health]:
        return await api.ask(read, "prices"), api.health

    (found, health), _ = asking(work, OK)
    assert (found, health.refusals, health.failures) == ("read", 1, 2)


def test_a_body_too_large_is_refused_before_it_is_read_whole() -> None:
    """Our rule: at most so many bytes of a stranger's, and no second time."""

    async def work(api: Api) -> ProviderError:
        with pytest.raises(ProviderError) as caught:
            await ask(api)
        return caught.value

    error, server = asking(
        work, httpx.Response(200, content=b"[" + b" " * 5_000 + b"]"), spec=replace(SPEC, max_body_bytes=4_096)
    )
    assert (error.retryable, len(server.requests)) == (False, 1)
    assert "larger than 4,096 bytes" in str(error)


def test_a_provider_that_says_when_is_asked_then_and_by_nobody_before() -> None:
    """RFC 9110 §10.2.3: Retry-After in seconds; other calls of the same kind wait too."""
    times_s: list[float] = []

    async def work(api: Api) -> None:
        async def one() -> None:
            await ask(api)
            times_s.append(VirtualClock().monotonic_s())

        async with anyio.create_task_group() as group:
            group.start_soon(one)
            await anyio.sleep(0.5)
            group.start_soon(one)

    asking(work, answer(429, retry_after="20"), OK)
    assert times_s == [20.0, 20.0]


def test_a_date_is_counted_from_the_date_of_the_same_answer() -> None:
    """RFC 9110 §10.2.3: Retry-After as an HTTP date; clocks of two machines differ."""
    late = answer(503, date="Mon, 21 Sep 2026 10:00:00 GMT", retry_after="Mon, 21 Sep 2026 10:00:30 GMT")
    _, server = asking(ask, late, OK)
    assert server.times_s == [0.0, 30.0]


def test_a_longer_wait_than_anyone_has_patience_for_is_told_at_once() -> None:
    """Our rule: a caller gets the error, with how long; nothing is sent before that."""

    async def work(api: Api) -> list[float | None]:
        waits: list[float | None] = []
        for _ in range(2):
            with pytest.raises(ProviderError) as caught:
                await ask(api)
            waits.append(caught.value.retry_after_s)
            await anyio.sleep(1_000)
        assert api.health.state is State.LIMITED
        return waits

    waits, server = asking(work, answer(429, retry_after="3600"))
    assert (waits, len(server.requests)) == ([3600.0, 2600.0], 1)


@pytest.mark.parametrize("reset", [str(START_S + 25), "25"])
def test_a_used_up_allowance_is_waited_for_even_after_a_success(reset: str) -> None:
    """Provider: Jupiter tells `x-ratelimit-remaining` and `-reset` (seconds since 1970) with every answer."""
    last = httpx.Response(200, json={}, headers={"x-ratelimit-remaining": "-1", "x-ratelimit-reset": reset})

    async def work(api: Api) -> None:
        await ask(api)
        await ask(api)

    _, server = asking(work, last, OK)
    assert server.times_s == [0.0, 25.0]


@pytest.mark.parametrize("value", ["", "soon", "-5", "nan", "99999999999999999999", "1e9"])
def test_a_wait_that_makes_no_sense_does_no_harm(value: str) -> None:
    """Our rule: headers are a stranger's text."""
    config = replace(CONFIG, attempts=1)
    error, _, _ = refused(answer(503, retry_after=value), config=config)
    assert error.retry_after_s is None or error.retry_after_s <= 7 * 86_400


def test_what_must_not_happen_twice_is_sent_again_only_when_nothing_was_done() -> None:
    """Our rule: a webhook that was made and whose answer was lost must not be made again."""

    async def make(api: Api) -> bytes:
        return await api.request("webhooks", method="POST", json={}, is_repeatable=False)

    error, times_s, _ = refused(answer(503), work=make)
    assert (error.status_code, times_s) == (503, [0.0])
    _, server = asking(make, answer(429), OK)
    assert len(server.requests) == 2


def test_who_keeps_failing_is_left_alone_and_probed_once() -> None:
    """Spec: the breaker refuses at once, with what to wait for; half open, one call probes."""

    async def work(api: Api) -> tuple[float | None, int]:
        with pytest.raises(ProviderError):
            await ask(api)
        before = VirtualClock().monotonic_s()
        with pytest.raises(ProviderError, match="it failed again and again") as caught:
            await ask(api)
        assert VirtualClock().monotonic_s() == before
        calls = api.health.calls
        await anyio.sleep(15)
        assert await ask(api) == OK.content
        assert api.health.state is State.OK
        return caught.value.retry_after_s, calls

    config = replace(CONFIG, pause_after=3)
    found, server = asking(work, answer(500), answer(500), answer(500), OK, config=config)
    assert found == (15.0, 3)
    assert len(server.requests) == 4


def test_calls_that_wait_for_their_turn_fail_with_the_others() -> None:
    """Our rule: a queue of hundreds must not find out one by one that nobody is there."""

    async def work(api: Api) -> int:
        async def one() -> None:
            with pytest.raises(ProviderError):
                await ask(api)

        async with anyio.create_task_group() as group:
            for _ in range(1_500):
                group.start_soon(one)
        return api.health.calls

    calls, _ = asking(work, httpx.ConnectError("refused"))
    assert calls < 100


class Purse:
    """Counts credits in memory."""

    def __init__(self, spent: int) -> None:
        self.amount = spent

    async def spend(self, provider: str, amount: int, limit: int | None) -> bool:
        """Count, unless it would be too much."""
        assert provider == "example"
        if limit is not None and self.amount + amount > limit:
            return False
        self.amount += amount
        return True

    def spent(self, provider: str) -> int:
        """Return what was counted."""
        assert provider == "example"
        return self.amount


def test_a_month_without_credits_left_is_not_asked() -> None:
    """Spec: a hard limit refuses calls before they are made; each attempt costs."""
    purse = Purse(880)

    async def work(api: Api) -> tuple[str, Health]:
        await api.request("history", credits=50)
        with pytest.raises(ProviderError) as caught:
            await api.request("history", credits=50)
        assert not caught.value.retryable
        await api.request("history", credits=20)
        return str(caught.value), api.health

    (message, health), server = asking(work, answer(503), OK, spec=replace(SPEC, credit_limit=1_000), meter=purse)
    assert message == "Example history: the 1,000 credits of this month are used up; it is asked again next month"
    assert (len(server.requests), purse.amount) == (3, 1_000)
    assert (health.state, health.credits_this_month, health.credit_limit) == (State.LIMITED, 1_000, 1_000)


def test_who_needs_a_key_is_off_without_it_and_nobody_is_asked_offline() -> None:
    """Our rule: said before anything is sent."""
    for spec, config, reason in (
        (replace(SPEC, is_key_required=True), ProviderConfig(), "a key is needed; set EXAMPLE_API_KEY"),
        (SPEC, replace(CONFIG, is_offline=True), "AURA_OFFLINE is set"),
    ):

        async def work(api: Api, reason: str = reason) -> State:
            with pytest.raises(ProviderError, match=reason) as caught:
                await ask(api)
            assert not caught.value.retryable
            return api.health.state

        state, server = asking(work, OK, spec=spec, config=config)
        assert (state, server.requests) == (State.OFF, [])


def test_a_passing_failure_and_a_short_wait_are_no_trouble() -> None:
    """Our rule: trouble is what people hear of; three failures in a row, or a wait of more than a few seconds."""

    async def work(api: Api) -> list[State]:
        states: list[State] = []
        for _ in range(5):
            with pytest.raises(ProviderError):
                await ask(api)
            states.append(api.health.state)
        return states

    answers = [answer(500), answer(429, retry_after="3"), answer(500), answer(503), answer(503)]
    states, _ = asking(work, *answers, config=CONFIG.without_retries())
    assert states == [State.OK, State.OK, State.OK, State.OK, State.FAILING]


def test_nobody_was_asked_yet_is_no_trouble() -> None:
    """Our rule: unknown is not bad."""

    async def work(api: Api) -> Health:
        return api.health

    health, _ = asking(work, OK)
    assert (health.state, health.last_ok_at, health.last_error, health.credits_this_month) == (
        State.IDLE,
        None,
        None,
        None,
    )


def test_other_addresses_of_a_provider_share_its_limits_and_numbers() -> None:
    """Our rule: Helius counts its node and its own endpoints together."""

    async def work(api: Api) -> Health:
        await ask(api.at("https://rpc.example.com"))
        await ask(api)
        return api.health

    health, server = asking(work, OK)
    assert health.calls == 2
    assert [request.url.host for request in server.requests] == ["rpc.example.com", "api.example.com"]


@pytest.mark.parametrize("url", ["ftp://x", "file:///etc/passwd", "https://", "no address", "https://a\nb"])
def test_an_address_that_is_none_is_refused_without_being_shown(url: str) -> None:
    """Our rule: addresses may hold keys."""
    error, times_s, _ = refused(OK, config=ProviderConfig(base_url=url))
    assert (times_s, error.retryable) == ([], False)
    assert url not in str(error)


@pytest.mark.parametrize("key", ["", "two words", "line\nbreak", "ключ", "tab\t", "\x7f"])
def test_a_key_that_no_header_can_carry_is_refused_without_being_shown(key: str) -> None:
    """Our rule: the HTTP library would put it into its own error."""
    with pytest.raises(ValueError, match="a key is visible ASCII") as caught:
        ApiKey(key)
    assert not key or key not in str(caught.value)


FAILURES = [
    answer(401),
    answer(429),
    answer(500),
    httpx.Response(403, text=f"invalid key {KEY}"),
    httpx.Response(200, text=f'{{"error": "{KEY}'),
    httpx.Response(200, json={"value": KEY}),
    httpx.ConnectError("refused"),
]


@pytest.mark.parametrize("header", [None, "X-API-KEY"])
@pytest.mark.parametrize("failure", FAILURES, ids=range(len(FAILURES)))
def test_a_key_is_in_no_error_no_trace_no_log_and_no_health(
    failure: Scripted, header: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    """Spec: keys never appear in logs, errors or results."""
    caplog.set_level(logging.DEBUG)

    def read(body: bytes) -> object:
        return {"value": 1}[body.decode()]

    async def work(api: Api) -> str:
        shown: list[Any] = [api, api.config, api.spec, api.config.api_key]
        try:
            await api.ask(lambda _: int("none"), "prices", params={"ids": "a"})
        except ProviderError as error:
            shown += [error, "".join(traceback.format_exception(error)), vars(error)]
        return repr((shown, read, api.health))

    shown, server = asking(work, failure, spec=SPEC if header is None else with_header_key(header))
    assert server.requests
    assert KEY not in shown
    assert KEY not in caplog.text
