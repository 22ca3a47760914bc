"""Reading what the CLI uploads."""

import json

import pytest

from bot.domain.graph import Instance, build
from bot.events.upload import BadUpload, content_key, merge, parse_upload

HEAD, BASE = "5f2d4c0a9b7e4c1d8a3b6e5f4d2c1b0a9f8e7d6c", "0c1b2a3948576655443322110ffeeddccbbaa998"
QUERY = {"head_sha": HEAD, "base_sha": BASE, "repo": "acme/infra"}


def item(component="vpc", stack="dev", dependents=(), **more):
    return {"component": component, "stack": stack, "dependents": list(dependents), **more}


def body(*stacks, **more):
    return {
        "head_sha": HEAD,
        "base_sha": BASE,
        "repo_owner": "acme",
        "repo_name": "infra",
        "stacks": list(stacks),
    } | more


def parse(value, query=None):
    return parse_upload(value if isinstance(value, bytes) else json.dumps(value).encode(), query or {})


def test_the_cli_body():
    full = item(
        component_type="terraform",
        component_path="components/terraform/vpc",
        stack_slug="dev-vpc",
        affected="stack.vars",
        affected_all=["stack.vars"],
        included_in_dependents=False,
        settings={"pro": {"enabled": True}, "depends_on": {"1": {"component": "x"}}},
    )
    upload = parse(body(full, repo_url="https://github.com/acme/infra", repo_host="github.com", news={"a": [1]}))
    assert (upload.head_sha, upload.base_sha, upload.repo_owner, upload.repo_name) == (HEAD, BASE, "acme", "infra")
    assert (upload.batch_id, upload.batch_index, upload.batch_total) == ("", 0, 1)
    assert upload.entries[0].pro == {"enabled": True}


def test_the_printed_list():
    upload = parse([item(dependents=[item("db")])], QUERY)
    assert (upload.head_sha, upload.repo_owner, upload.repo_name) == (HEAD, "acme", "infra")
    assert set(build(upload.entries).nodes) == {Instance("dev", "vpc"), Instance("dev", "db")}


def test_nulls_and_blanks_are_fine():
    value = item(
        dependents=[item(settings=None) | {"dependents": None}], settings=None, affected_all=None, deleted=None
    )
    assert parse(body(value)).entries[0].dependents[0].dependents == ()
    assert parse(body() | {"stacks": None}).entries == []
    assert parse(body(batch_id="", batch_index=None)).batch_id == ""
    assert parse(b"\xef\xbb\xbf  " + json.dumps([item()]).encode(), QUERY).entries[0].component == "vpc"
    assert parse(body(head_sha=HEAD.upper())).head_sha == HEAD
    assert parse(body(head_sha="abcdef0")).head_sha == "abcdef0"


@pytest.mark.parametrize(
    ("deleted", "expected"),
    [
        (True, True),
        ("true", True),
        ("True", True),
        (1, True),
        (False, False),
        ("false", False),
        (None, False),
        ("", False),
    ],
)
def test_deleted_is_read_leniently(deleted, expected):
    assert parse(body(item(deleted=deleted, deletion_type="stack"))).entries[0].deleted is expected


@pytest.mark.parametrize(
    "settings",
    [b'"x"', b"[1]", b"3", b'{"pro": "x"}', b'{"pro": {"x": "\xff"}}', b'{"pro":' + b"[" * 900 + b"]" * 900 + b"}"],
)
def test_settings_that_cannot_be_used_are_told_on_the_instance(settings):
    text = json.dumps(body(item(settings="here"))).encode().replace(b'"here"', settings)
    graph = build(parse(text).entries)
    assert "not a mapping" in graph.nodes[Instance("dev", "vpc")].problem


@pytest.mark.parametrize(
    ("value", "query", "problems"),
    [
        (body(item(), item(component=3)), {}, ["$.stacks[1].component: expected text, got a number"]),
        (body({"stack": "dev"}), {}, ["$.stacks[0].component: missing"]),
        (
            body(item(), item(dependents=[item(), item(stack=None)]), 7),
            {},
            [
                "$.stacks[1].dependents[1].stack: expected text, got null",
                "$.stacks[2]: expected an object, got a number",
            ],
        ),
        (body(item(dependents=["x"])), {}, ["$.stacks[0].dependents[0]: expected an object, got text"]),
        ([item() | {"dependents": {}}], QUERY, ["$[0].dependents: expected a list, got an object"]),
        (body(item(deleted="perhaps")), {}, ["$.stacks[0].deleted: expected true or false"]),
        (body(item(deleted=[])), {}, ["$.stacks[0].deleted: expected true or false, got a list"]),
        (body() | {"stacks": "x"}, {}, ["$.stacks: expected a list, got text"]),
        ({"head_sha": HEAD}, {}, ["$.stacks: missing"]),
        (b"3", {}, ["$: expected an object with the key `stacks`, or the list that `atmos describe affected` prints"]),
        (body(head_sha="main"), {}, ["$.head_sha: expected a commit id of 7 to 64 hexadecimal digits"]),
        (body(base_sha=None), {}, ["$.base_sha: expected a commit id of 7 to 64 hexadecimal digits"]),
        (body(repo_name=""), {}, ["$.repo_name: expected a name, got nothing"]),
        (
            [item()],
            {"head_sha": HEAD, "repo": "infra"},
            [
                "query parameter base_sha: expected a commit id of 7 to 64 hexadecimal digits",
                "query parameter repo: expected owner/name",
            ],
        ),
        (body(batch_id="x"), {}, ["$.batch_total: expected a number from 1 to 10000"]),
        (
            body(batch_id="x", batch_total=10_001, batch_index=0),
            {},
            ["$.batch_total: expected a number from 1 to 10000"],
        ),
        (body(batch_id="x", batch_total=2, batch_index=2), {}, ["$.batch_index: expected a number from 0 to 1"]),
        (body(batch_id="x", batch_total=2), {}, ["$.batch_index: expected a number from 0 to 1"]),
        (
            body(batch_index=0, batch_total=2),
            {},
            ["$.batch_id: expected a text of at most 200 characters beside batch_index and batch_total"],
        ),
    ],
)
def test_wrong_places_are_named(value, query, problems):
    with pytest.raises(BadUpload) as refused:
        parse(value, query)
    assert refused.value.problems == problems


def test_a_wrong_type_elsewhere_is_told_too():
    with pytest.raises(BadUpload) as refused:
        parse(body(batch_index="0"))
    assert "$.batch_index" in refused.value.problems[0]


def test_not_every_problem_is_listed():
    with pytest.raises(BadUpload) as refused:
        parse(body(*[item(component=1)] * 100))
    assert len(refused.value.problems) == 20


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"<html>", "is not JSON"),
        (b'["\xff"]', "is not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"stacks":' + b'[{"component":"c","stack":"s","dependents":' * 5_000, "nested too deeply"),
    ],
)
def test_what_cannot_be_read_at_all(text, said):
    with pytest.raises(BadUpload, match=said):
        parse(text, QUERY)


def chunk(index, *stacks, total=2, **more):
    return parse(body(*stacks, batch_id="b", batch_index=index, batch_total=total, **more))


def test_chunks_become_one():
    merged = merge([chunk(1, item("db")), chunk(0, item("vpc", dependents=[item("db")]))])
    assert [entry.component for entry in merged.entries] == ["vpc", "db"]
    assert content_key(merged) == content_key(parse(body(item("db"), item("vpc", dependents=[item("db")]))))


@pytest.mark.parametrize(
    ("chunks", "said"),
    [
        ([], "not here any more"),
        ([chunk(0)], "not complete: 1 of 2"),
        ([chunk(0), chunk(0)], "not complete"),
        ([chunk(0), chunk(1, head_sha=BASE)], "different commits"),
        ([chunk(0), chunk(1, total=3)], "different commits"),
    ],
)
def test_chunks_that_do_not_fit(chunks, said):
    with pytest.raises(BadUpload, match=said):
        merge(chunks)


ONE = body(item("a", dependents=[item("b"), item("c")], settings={"pro": {"x": 1, "y": 2}}), item("d"))


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (body(item("d"), item("a", dependents=[item("c"), item("b")], settings={"pro": {"y": 2, "x": 1}})), True),
        (ONE | {"repo_name": "renamed"}, True),
        (ONE | {"base_sha": HEAD}, False),
        (body(item("a", dependents=[item("b"), item("c")], settings={"pro": {"x": 1, "y": 3}}), item("d")), False),
        (body(item("a", dependents=[item("b")], settings={"pro": {"x": 1, "y": 2}}), item("c"), item("d")), False),
        (body(item("a", dependents=[item("b"), item("c")], settings={"pro": {"x": 1, "y": 2}})), False),
    ],
)
def test_content_is_compared_without_order(other, same):
    assert (content_key(parse(ONE)) == content_key(parse(other))) is same


def test_how_something_was_deleted_counts():
    gone = [parse(body(item(deleted=True, deletion_type=kind))) for kind in ("component", "stack")]
    assert content_key(gone[0]) != content_key(gone[1])
