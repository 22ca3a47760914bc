"""Whatever is asked, the answer is one that the CLI can decode; and what decodes here is as strict as Go."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from benchmarks.fuzz import send
from benchmarks.mutations import KEY, Request, sound
from tests.web import golike
from tests.web.conftest import Site, upload_body

LOCK = golike.DATA["POST", "/api/v1/locks"]
NAMES = ("status", "success", "traceId", "errorMessage", "error", "context", "data", "request", "errorTag")


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        '{"success":true,"status":200,"traceId":"a","data":{"key":"k","expiresAt":"2026-06-09T10:00:00Z"}}',
        '{"data":{"expiresAt":"2026-06-09T10:00:00+00:00","createdAt":"2026-06-09T10:00:00.123Z","updatedAt":null}}',
        '{"Success":false,"STATUS":400,"DATA":{"validationerrors":["a","b"]}}',
        '{"unknown":[1,2.5,"x"],"data":{"unknown":7}}',
        json.dumps(dict.fromkeys(NAMES)),
    ],
)
def test_what_go_takes(body: str) -> None:
    golike.decode(body.encode(), LOCK)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ("", "no JSON"),
        ("[]", r"\$: expected an object"),
        ('"text"', r"\$: expected an object"),
        ("{} {}", "no JSON"),
        ('{"data":NaN}', "no JSON"),
        ('{"status":"200"}', r"\$\.status: expected an integer"),
        ('{"status":200.0}', r"\$\.status: expected an integer"),
        ('{"status":2e2}', r"\$\.status: expected an integer"),
        ('{"Status":true}', r"\$\.Status: expected an integer"),
        ('{"status":9223372036854775808}', r"\$\.status: expected an integer"),
        ('{"status":200,"STATUS":"200"}', r"\$\.STATUS: expected an integer"),
        ('{"success":1}', r"\$\.success: expected true or false"),
        ('{"success":"true"}', r"\$\.success: expected true or false"),
        ('{"error":{"message":"no"}}', r"\$\.error: expected text"),
        ('{"errorMessage":["no"]}', r"\$\.errorMessage: expected text"),
        ('{"traceId":17}', r"\$\.traceId: expected text"),
        ('{"context":[]}', r"\$\.context: expected an object"),
        ('{"context":"text"}', r"\$\.context: expected an object"),
        ('{"data":[]}', r"\$\.data: expected an object"),
        ('{"data":"text"}', r"\$\.data: expected an object"),
        ('{"data":{"validationErrors":"one"}}', r"\$\.data\.validationErrors: expected a list"),
        ('{"data":{"validationErrors":[{}]}}', r"\$\.data\.validationErrors\[0\]: expected text"),
        ('{"data":{"id":7}}', r"\$\.data\.id: expected text"),
        ('{"data":{"expiresAt":"2026-06-09T10:00:00"}}', r"\$\.data\.expiresAt: expected a time"),
        ('{"data":{"expiresAt":"2026-06-09 10:00:00Z"}}', r"\$\.data\.expiresAt: expected a time"),
        ('{"data":{"createdAt":""}}', r"\$\.data\.createdAt: expected a time"),
        ('{"data":{"updatedAt":1780000000}}', r"\$\.data\.updatedAt: expected a time"),
        ('{"data":{"deletedAt":"2026-13-09T10:00:00Z"}}', r"\$\.data\.deletedAt: expected a time"),
        ('{"data":{"deletedAt":"2026-00-09T10:00:00Z"}}', r"\$\.data\.deletedAt: expected a time"),
        ('{"data":{"deletedAt":"2026-02-30T10:00:00Z"}}', r"\$\.data\.deletedAt: expected a time"),
        ('{"data":{"deletedAt":"2026-06-09T10:00:00+24:00"}}', r"\$\.data\.deletedAt: expected a time"),
    ],
)
def test_what_go_does_not_take(body: str, place: str) -> None:
    with pytest.raises(golike.Unreadable, match=place):
        golike.decode(body.encode(), LOCK)


GOOD: dict[str, Any] = {"success": True, "status": 200, "traceId": "t", "data": {}}
HEADERS = {"Content-Type": "application/json", "X-Request-Id": "t"}


@pytest.mark.parametrize(
    ("status", "headers", "changed", "wrong"),
    [
        (200, {"Content-Type": "text/html"}, {}, "Content-Type"),
        (201, {}, {}, "HTTP 201, but status 200"),
        (200, {}, {"success": False}, "success False"),
        (200, {"X-Request-Id": "other"}, {}, "X-Request-Id"),
        (200, {}, {"traceId": ""}, "traceId"),
        (200, {}, {"data": None}, "data is no object"),
        (400, {}, {"status": 400, "success": False}, "without an errorMessage"),
        (308, {}, {"status": 308}, "somewhere else"),
    ],
)
def test_an_answer_that_says_two_things(status: int, headers: Any, changed: Any, wrong: str) -> None:
    golike.check("POST", "/api/v1/locks", 200, HEADERS, json.dumps(GOOD).encode())
    with pytest.raises(golike.Unreadable, match=wrong):
        golike.check("POST", "/api/v1/locks", status, HEADERS | headers, json.dumps(GOOD | changed).encode())


@pytest.mark.parametrize("path", ["/api/v1/affected-stacks", "/api///v1//affected-stacks"])
def test_each_answer_of_each_test_is_overheard(site: Site, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.web.answers._encode", lambda body: b"[]")
    wrong: list[str] = []
    site.app.wsgi_app = golike.Overhear(site.app.wsgi_app.inner, wrong)  # type: ignore[attr-defined, method-assign]
    with pytest.raises(golike.Unreadable, match="expected an object"):
        site.client.post(path, data=upload_body())
    assert wrong == [f"POST {path}: $: expected an object, got []"]


def bearer(token: str) -> Callable[[Request], Request]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return lambda request: replace(request, headers=headers)


def saying(body: bytes) -> Callable[[Request], Request]:
    return lambda request: replace(request, body=body)


def numbers(request: Request) -> Request:
    return replace(request, body=json.dumps(dict.fromkeys(json.loads(request.body), 7)).encode())


def half(request: Request) -> Request:
    return replace(request, body=request.body[: len(request.body) // 2])


Spoilt = dict[str, tuple[Callable[[Request], Request], set[int]]]
#: What is done to a request of somebody, to one with a body, and to any; and with what it may be answered.
WHO: Spoilt = {
    "no key": (bearer(""), {401}),
    "an unknown key": (bearer("swy_unknown"), {401}),
    "no session": (bearer("a.b.c"), {401}),
    "a key that may do nothing": (bearer("swy_none"), {403}),
    "a key of another repository": (bearer("swy_other"), {403, 404}),
}
WHAT: Spoilt = {
    "no body": (saying(b""), {400}),
    "half a body": (half, {400}),
    "null": (saying(b"null"), {400}),
    "a text": (saying(b'"text"'), {400}),
    "lists": (saying(b"[[]]"), {400}),
    "too deep": (saying(b"[" * 10_000), {400}),
    "numbers": (numbers, {400}),
}
WHERE: Spoilt = {
    "nothing wrong": (lambda request: request, {200, 403, 404}),
    "another method": (lambda request: replace(request, method="PUT"), {405}),
    "another address": (lambda request: replace(request, path=b"/api/v1/nothing" + request.path), {404}),
}


def cases() -> Iterator[tuple[str, str]]:
    """Pair each endpoint with all that may be wrong with a request to it."""
    for name, request in by_name(sound("", "")).items():
        refused = request.path in (b"/api/v1/git/commit", b"/api/v1/sts")
        for wrong in {**WHERE, **({} if refused or not request.headers else WHO), **({} if refused else WHAT)}:
            if wrong not in WHAT or request.body:
                yield name, wrong


def by_name(requests: Iterable[Request]) -> dict[str, Request]:
    """Take the first request for each method and path of the API."""
    found: dict[str, Request] = {}
    for one in requests:
        if one.path.startswith(b"/api/v1/"):
            found.setdefault(f"{one.method} {one.path.decode()}", one)
    return found


@pytest.mark.parametrize(("name", "wrong"), list(cases()))
def test_every_endpoint_answers_good_and_bad_requests_in_the_envelope(site: Site, name: str, wrong: str) -> None:
    site.key(KEY)
    site.key("swy_none", "approve")
    site.key("swy_other", repo_id=8)
    request = by_name(sound(site.identity_token(), site.session()))[name]
    spoil, expected = {**WHO, **WHAT, **WHERE}[wrong]
    status, body = send(site.app, spoil(request))
    assert status in expected, body
    if not (status == 200 and name.endswith(golike.DOCUMENT)):
        told = golike.decode(body, golike.DATA.get((request.method, request.path.decode())))
        assert (told["status"], told["success"]) == (status, status == 200)
