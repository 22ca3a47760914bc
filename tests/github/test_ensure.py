"""What is written, over a real socket."""

from __future__ import annotations

import gidgethub
import pytest
from aiohttp import web

from bot.github import ensure
from bot.github.client import GitHub
from bot.github.ensure import Started
from bot.github.shapes import Comment

HOME = "/repos/acme/infra"
DISPATCHES = f"{HOME}/actions/workflows/plan.yaml/dispatches"


@pytest.fixture
def gh(github):
    return github.installation(100)


async def send(gh, repo, details=True):
    return await ensure.dispatch(
        gh, repo, workflow="plan.yaml", ref="feature/x", inputs={"sha": "abc"}, details=details
    )


async def test_a_dispatch_tells_its_run(wire, gh, repo):
    url = "https://github.com/acme/infra/actions/runs/5"
    wire.on("POST", DISPATCHES, web.json_response({"workflow_run_id": 5, "run_url": "api", "html_url": url}))
    assert await send(gh, repo) == Started(5, url)
    assert wire.asked[-1].body == {"ref": "feature/x", "inputs": {"sha": "abc"}, "return_run_details": True}


async def test_a_dispatch_without_details(wire, gh, repo):
    wire.on("POST", DISPATCHES, web.Response(status=204))
    assert await send(gh, repo, details=False) is None
    assert wire.asked[-1].body == {"ref": "feature/x", "inputs": {"sha": "abc"}}


@pytest.mark.parametrize(
    ("body", "refuses"),
    [
        ({"message": 'Invalid request.\n\n"return_run_details" is not a permitted key.'}, True),
        ({"message": "Invalid request.", "errors": ['"return_run_details" is not a permitted key.']}, True),
        ({"message": "Invalid", "errors": [{"code": "invalid", "field": "return_run_details"}]}, True),
        ({"message": "No ref found for: feature/x"}, False),
    ],
)
async def test_a_server_that_does_not_know_details(wire, gh, repo, body, refuses):
    wire.on("POST", DISPATCHES, web.json_response(body, status=422))
    with pytest.raises(gidgethub.BadRequest) as caught:
        await send(gh, repo)
    assert ensure.refuses_details(caught.value) is refuses


def test_other_errors_are_not_about_details():
    assert not ensure.refuses_details(TimeoutError("return_run_details"))


@pytest.mark.parametrize(("status", "accepted"), [(202, True), (409, False), (404, False)])
async def test_cancel(wire, gh, repo, status, accepted):
    wire.on("POST", f"{HOME}/actions/runs/5/cancel", web.json_response({"message": "x"}, status=status))
    assert await ensure.cancel(gh, repo, 5) is accepted


async def test_a_cancel_that_fails_otherwise_is_an_error(wire, gh, repo):
    wire.on("POST", f"{HOME}/actions/runs/5/cancel", web.json_response({"message": "x"}, status=403))
    with pytest.raises(gidgethub.BadRequest):
        await ensure.cancel(gh, repo, 5)


def comment(number, body, app):
    return {"id": number, "body": body, "performed_via_github_app": app and {"id": app, "slug": "s"}}


async def test_our_comments_are_found_on_any_page_and_never_somebody_elses(wire, gh, repo):
    first = [comment(1, "<!-- mark --> copied", None), comment(2, "<!-- mark --> other bot", 8), comment(3, "hi", 7)]
    second = [comment(4, None, 7), comment(5, "ours <!-- mark -->", 7), comment(6, "<!-- mark --> twin", 7)]

    def page(asked):
        if asked.query.get("page") == "2":
            return web.json_response(second)
        link = f'<{wire.url}{HOME}/issues/42/comments?per_page=100&page=2>; rel="next"'
        return web.json_response(first, headers={"Link": link})

    wire.on("GET", f"{HOME}/issues/42/comments", page)
    assert await ensure.find_comments(gh, repo, 42, "<!-- mark -->", 7) == [
        Comment(5, "ours <!-- mark -->"),
        Comment(6, "<!-- mark --> twin"),
    ]
    assert await ensure.find_comments(gh, repo, 42, "<!-- none -->", 7) == []


async def test_a_comment_is_created_and_edited(wire, gh, repo):
    wire.on("POST", f"{HOME}/issues/42/comments", web.json_response({"id": 77, "body": "x"}, status=201))
    wire.on("PATCH", f"{HOME}/issues/comments/77", web.json_response({"id": 77}))
    assert await ensure.create_comment(gh, repo, 42, "grün") == 77
    assert wire.asked[-1].body == {"body": "grün"}
    assert await ensure.edit_comment(gh, repo, 77, "red")
    assert wire.asked[-1].body == {"body": "red"}


@pytest.mark.parametrize("status", [404, 410])
async def test_a_comment_that_somebody_deleted(wire, gh, repo, status):
    wire.on("PATCH", f"{HOME}/issues/comments/77", web.json_response({"message": "gone"}, status=status))
    assert not await ensure.edit_comment(gh, repo, 77, "x")


async def test_a_delivery_is_sent_again(wire, github):
    wire.on(
        "POST", "/app/hook/deliveries/9/attempts", web.Response(status=202, text="{}", content_type="application/json")
    )
    await ensure.redeliver(github, 9)
    assert wire.asked[-1].path == "/app/hook/deliveries/9/attempts"


async def test_the_highest_run_id(wire, gh, repo):
    path = f"{HOME}/actions/workflows/plan.yaml/runs"
    wire.on("GET", path, web.json_response({"workflow_runs": [{"id": 8}, {"id": 9}]}), web.json_response({}))
    assert await ensure.highest_run_id(gh, repo, "plan.yaml") == 9
    assert await ensure.highest_run_id(gh, repo, "plan.yaml") == 0


async def test_a_comment_is_folded_where_the_app_may(wire, gh, repo):
    refused = {"type": "FORBIDDEN", "message": "Resource not accessible by integration"}
    wire.on(
        "POST",
        "/api/graphql",
        web.json_response({"data": {"minimizeComment": {"minimizedComment": {"isMinimized": True}}}}),
        web.json_response({"data": {"minimizeComment": None}, "errors": [refused]}),
        web.json_response({"message": "Must have admin rights to Repository."}, status=403),
    )
    assert await ensure.fold_comment(gh, Comment(5, "twin", "IC_5")) is True
    assert wire.asked[-1].body["variables"] == {"id": "IC_5"}
    assert await ensure.fold_comment(gh, Comment(5, "twin", "IC_5")) is False
    assert await ensure.fold_comment(gh, Comment(5, "twin", "IC_5")) is False


def test_on_github_com_graphql_lies_beside_the_rest(session, pem):
    github = GitHub(session, app_id=7, private_key=pem, api_url="https://api.github.com", now=lambda: 0.0)
    assert github.installation(1).graphql_url == "https://api.github.com/graphql"
