from __future__ import annotations

import json
from typing import Any

import pytest
from werkzeug.test import TestResponse

from bot.events.inventory import MOST
from bot.events.packing import Header, unpack
from bot.store import chunks
from bot.web import reports
from tests.web.conftest import Site, claims
from tests.web.test_api import envelope

MAIN = {"event": "push", "ref": "refs/heads/main", "head_ref": "", "base_ref": ""}


def inventory_body(*components: str, **changed: Any) -> bytes:
    listed = [
        {"component": name, "stack": "dev", "component_type": "terraform", "settings": {"pro": {"enabled": True}}}
        for name in components or ("vpc",)
    ]
    body = {
        "repo_url": "https://github.com/acme/infra",
        "repo_host": "github.com",
        "repo_owner": "acme",
        "repo_name": "infra",
        "instances": listed,
    }
    return json.dumps(body | changed).encode()


def send(site: Site, body: bytes, key: str = "swy_good") -> TestResponse:
    headers = {"Authorization": f"Bearer {key}"}
    return site.client.post("/api/v1/instances", data=body, headers=headers, content_type="application/json")


def part(index: int, total: int = 2, batch: str = "batch-1", **changed: Any) -> bytes:
    return inventory_body(f"c{index}", batch_id=batch, batch_index=index, batch_total=total, **changed)


def test_an_inventory_of_a_key_is_one_row_that_can_be_taken_apart(site: Site) -> None:
    body = inventory_body()
    told = envelope(send(site, body))
    assert told.data == {"repository": "acme/infra", "part": "complete", "kept": "last seen"}
    (row,) = site.db.rows("SELECT kind, repo_id, lane, body FROM inbox")
    assert (row["kind"], row["repo_id"], row["lane"]) == ("inventory", 7, None)
    assert unpack(row["body"]) == (Header("key:1", {}, ""), body)


@pytest.mark.parametrize(
    ("run", "kept"),
    [
        (MAIN, "inventory"),
        (MAIN | {"event": "schedule"}, "inventory"),
        (MAIN | {"ref": "refs/heads/feature"}, "last seen"),
        (MAIN | {"ref": "refs/tags/main"}, "last seen"),
        (MAIN | {"event": "pull_request_target"}, "last seen"),
        ({}, "last seen"),
    ],
)
def test_only_a_run_on_the_default_branch_tells_the_repository_s_inventory(
    site: Site, run: dict[str, Any], kept: str
) -> None:
    body = inventory_body()
    told = envelope(send(site, body, site.session(**run)))
    assert (told.data or {})["kept"] == kept
    ((_, packed),) = site.inbox()
    assert unpack(packed) == (Header("run:9001.1", {}, "c" * 40, claims=claims(**run)), body)


def test_an_empty_inventory_is_taken_and_not_kept(site: Site) -> None:
    for instances in ([], None):
        told = envelope(send(site, inventory_body(instances=instances), site.session(**MAIN)))
        assert told.data == {"repository": "acme/infra", "part": "complete", "kept": "last seen"}


def test_what_a_run_sends_again_is_one_row(site: Site) -> None:
    for became in ("complete", "known", "known", "known"):
        told = envelope(send(site, inventory_body(), site.session(**MAIN)))
        assert told.data == {"repository": "acme/infra", "part": became, "kept": "inventory"}
    assert len(site.inbox()) == 1
    send(site, inventory_body(), site.session(**MAIN, attempt=2))
    assert len(site.inbox()) == 2


def test_older_clis_send_more_and_less(site: Site) -> None:
    more = {"vars": {"a": 1}, "env": {}, "backend": {}, "metadata": None}
    settings = {"pro": {"enabled": True}, "depends_on": {"1": {"component": "x"}}}
    first = {"component": "vpc", "stack": "dev", "component_type": "terraform", "settings": settings}
    second = {"component": "eks/cluster", "stack": "dev", "component_type": None, "settings": None}
    third = {"component": "odd", "stack": "dev", "settings": {"pro": "not a mapping"}}
    body = inventory_body(instances=[first | more, second | more, third], batch_id=None, batch_index=None)
    assert envelope(send(site, body)).success


@pytest.mark.parametrize("repository", [{}, {"repo_owner": "ACME", "repo_name": "Infra"}])
def test_the_repository_may_be_left_out(site: Site, repository: dict[str, str]) -> None:
    nothing = {"repo_owner": "", "repo_name": "", "repo_url": "", "repo_host": ""}
    assert envelope(send(site, inventory_body(**(nothing | repository)))).success


@pytest.mark.parametrize("repository", [{"repo_name": "other"}, {"repo_owner": "evil"}, {"repo_owner": "evil/acme"}])
def test_another_repository_is_refused(site: Site, repository: dict[str, str]) -> None:
    for bearer in ("swy_good", site.session(**MAIN)):
        answer = send(site, inventory_body(**repository), bearer)
        assert answer.status_code == 403
        assert "for acme/infra" in envelope(answer).errorMessage
    assert site.inbox() == []


def test_who_may_not_upload(site: Site) -> None:
    site.key("swy_reader", "read")
    for key, status in (("swy_reader", 403), ("swy_wrong", 401)):
        answer = send(site, inventory_body(), key)
        assert envelope(answer).status == status
    assert site.inbox() == []


BAD = {"component": "a b", "stack": "../dev", "component_type": "x\ny"}


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", ""),
        (b"[]", "Expected `object`, got `array`"),
        (b"{}", "`instances`"),
        (inventory_body(instances={}), "$.instances"),
        (inventory_body(instances=[{"stack": "dev"}]), "$.instances[0]"),
        (inventory_body(instances=[{"component": "a", "stack": 1}]), "$.instances[0].stack"),
        (inventory_body(instances=[{"component": "a", "stack": "b", "settings": []}]), "$.instances[0].settings"),
        (inventory_body(batch_id="b", batch_index=2, batch_total=2), "$.batch_index"),
        (inventory_body(batch_index=0, batch_total=1), "$.batch_id"),
        (inventory_body("fine", "not\x00fine"), "$.instances[1].component: `not�fine`"),
    ],
)
def test_a_body_of_another_shape(site: Site, body: bytes, problem: str) -> None:
    answer = send(site, body)
    assert answer.status_code == 400
    told = envelope(answer)
    assert told.errorMessage.startswith("Switchyard cannot use this inventory. ")
    lines = (told.data or {"validationErrors": [""]})["validationErrors"]
    assert [line for line in lines if problem in line]
    assert site.inbox() == []


def test_bad_names_are_told_with_their_places_up_to_twenty(site: Site) -> None:
    lines = (envelope(send(site, inventory_body(instances=[BAD]))).data or {})["validationErrors"]
    assert lines == [
        "$.instances[0].component: `a b` cannot be used as a name",
        "$.instances[0].stack: `../dev` cannot be used as a name",
        "$.instances[0].component_type: `x�y` cannot be used as a name",
    ]
    lines = (envelope(send(site, inventory_body(instances=[BAD] * 50))).data or {})["validationErrors"]
    assert len(lines) == 20


def test_more_instances_than_are_kept(site: Site) -> None:
    one = {"component": "vpc", "stack": "dev"}
    assert send(site, inventory_body(instances=[one] * MOST)).status_code == 200
    answer = send(site, inventory_body(instances=[one] * (MOST + 1)))
    assert answer.status_code == 400
    assert "more than 20000 instances" in envelope(answer).errorMessage


def test_size(site: Site) -> None:
    plain = inventory_body(filler="")
    assert send(site, inventory_body(filler="x" * (reports.LARGEST - len(plain)))).status_code == 200
    assert envelope(send(site, inventory_body(filler="x" * (reports.LARGEST - len(plain) + 1)))).status == 413


def test_parts_become_one_input_that_names_them(site: Site) -> None:
    parts = [part(index, total=3) for index in range(3)]
    session = site.session(**MAIN)
    for body, became in ((parts[2], "taken"), (parts[0], "taken"), (parts[2], "known"), (parts[1], "complete")):
        told = envelope(send(site, body, session))
        assert told.data == {"repository": "acme/infra", "part": became, "kept": "inventory"}
    ((kind, packed),) = site.inbox()
    assert (kind, unpack(packed)[1]) == ("inventory", b"")
    assert unpack(packed)[0].batch_id == "batch-1"
    kept = chunks.bodies(site.db, kind="inventory", repo_id=7, credential="run:9001.1", batch_id="batch-1")
    assert kept == parts


def test_a_part_that_contradicts_another_names_the_command_to_run_again(site: Site) -> None:
    send(site, part(0))
    for other in (part(0, repo_url="elsewhere"), part(1, total=3)):
        answer = send(site, other)
        assert answer.status_code == 409
        assert "`atmos list instances --upload` again" in envelope(answer).errorMessage
    assert site.inbox() == []
