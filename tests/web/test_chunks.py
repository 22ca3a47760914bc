"""Reports in parts, of both kinds: what is lost, doubled, out of order or mixed up on the way."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from typing import Any

import pytest

from bot.events.packing import unpack
from bot.events.pull_request import read_upload
from bot.store import chunks, inbox
from bot.store.db import transaction
from tests.web import test_api, test_inventory
from tests.web.conftest import Site, upload_body
from tests.web.test_api import envelope
from tests.web.test_inventory import inventory_body

DAY = 86_400.0

Make = Callable[..., bytes]
KINDS: list[tuple[str, Make]] = [("affected-stacks", test_api.chunk), ("instances", test_inventory.part)]
BOTH = pytest.mark.parametrize(("path", "make"), KINDS, ids=["affected stacks", "inventory"])


def send(site: Site, path: str, body: bytes, key: str = "swy_good") -> str:
    """Send a part; tells what became of it, or "refused"."""
    answer = site.client.post(f"/api/v1/{path}", data=body, headers={"Authorization": f"Bearer {key}"})
    told = envelope(answer)
    if told.success:
        return str((told.data or {})["part"])
    assert told.status == 409
    return "refused"


def batches(site: Site) -> list[tuple[str, str, str]]:
    """List the whole batches: of which kind, from whom, and under which id."""
    headers = [(kind, unpack(body)[0]) for kind, body in site.inbox()]
    return [(kind, header.credential, header.batch_id) for kind, header in headers]


@BOTH
@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_in_any_order_the_last_that_was_missing_makes_it_whole(
    site: Site, path: str, make: Make, order: tuple[int, ...]
) -> None:
    assert [send(site, path, make(index, total=3)) for index in order] == ["taken", "taken", "complete"]
    assert len(batches(site)) == 1


@BOTH
def test_a_lost_part_leaves_the_batch_half(site: Site, path: str, make: Make) -> None:
    assert [send(site, path, make(index, total=4)) for index in (0, 1, 3)] == ["taken"] * 3
    assert batches(site) == []


@BOTH
def test_a_batch_that_grows_too_large_is_refused_before_anybody_must_have_it_in_memory(
    site: Site, monkeypatch: pytest.MonkeyPatch, path: str, make: Make
) -> None:
    parts = [make(index, total=3) for index in range(3)]
    monkeypatch.setattr(chunks, "MOST_BYTES", len(parts[0]) + len(parts[1]))
    assert [send(site, path, part) for part in parts[:2]] == ["taken", "taken"]
    for _ in range(2):
        answer = site.client.post(f"/api/v1/{path}", data=parts[2], headers={"Authorization": "Bearer swy_good"})
        assert answer.status_code == 413
        assert "With part 2 the batch" in envelope(answer).errorMessage
    assert batches(site) == []
    # A part that is there already is known all the same.
    assert send(site, path, parts[0]) == "known"


@BOTH
def test_doubled_parts_are_known_before_and_after_the_last(site: Site, path: str, make: Make) -> None:
    became = [send(site, path, make(index, total=2)) for index in (0, 0, 1, 1, 0, 1)]
    assert became == ["taken", "known", "complete", "known", "known", "known"]
    assert len(batches(site)) == 1


@BOTH
def test_batches_that_come_interleaved_stay_apart(site: Site, path: str, make: Make) -> None:
    turns = [(index, batch) for index in range(3) for batch in ("one", "two")]
    became = [send(site, path, make(index, total=3, batch=batch)) for index, batch in turns]
    assert became == ["taken"] * 4 + ["complete"] * 2
    assert [batch for _, _, batch in batches(site)] == ["one", "two"]


@BOTH
def test_one_id_by_two_senders_is_two_batches(site: Site, path: str, make: Make) -> None:
    site.key("swy_second")
    senders = {
        "key:1": "swy_good",
        "key:2": "swy_second",
        "run:9001.1": site.session(),
        "run:9001.2": site.session(attempt=2),
        "run:9002.1": site.session(run_id=9002),
    }
    for index in range(2):
        for key in senders.values():
            assert send(site, path, make(index, total=2), key) == ("taken", "complete")[index]
    assert [credential for _, credential, _ in batches(site)] == list(senders)


def test_one_id_for_both_kinds_is_two_batches(site: Site) -> None:
    for index in range(2):
        for path, make in KINDS:
            assert send(site, path, make(index, total=2, batch="same")) == ("taken", "complete")[index]
    assert batches(site) == [("upload", "key:1", "same"), ("inventory", "key:1", "same")]
    for kind, key in (("upload", b'"stacks"'), ("inventory", b'"instances"')):
        kept = chunks.bodies(site.db, kind=kind, repo_id=7, credential="key:1", batch_id="same")
        assert [key in body for body in kept] == [True, True]


@BOTH
def test_the_last_part_does_not_make_a_batch_of_another_size_whole(site: Site, path: str, make: Make) -> None:
    assert send(site, path, make(0, total=2)) == "taken"
    assert [send(site, path, make(1, total=total)) for total in (3, 10_000)] == ["refused", "refused"]
    assert send(site, path, make(1, total=2)) == "complete"


@BOTH
def test_a_half_batch_ends_a_day_after_its_last_part(site: Site, path: str, make: Make) -> None:
    assert send(site, path, make(0, total=3)) == "taken"
    site.clock[0] += DAY
    assert send(site, path, make(1, total=3)) == "taken"
    site.clock[0] += DAY
    with transaction(site.db):
        chunks.prune(site.db, site.clock[0])
    assert send(site, path, make(0, total=3)) == "known"
    site.clock[0] += 1
    with transaction(site.db):
        chunks.prune(site.db, site.clock[0])
    assert [send(site, path, make(index, total=3)) for index in (2, 0, 1)] == ["taken", "taken", "complete"]


def test_a_batch_that_goes_on_does_not_keep_others_alive(site: Site) -> None:
    for path, make in KINDS:
        assert send(site, path, make(0, total=3)) == "taken"
    site.clock[0] += DAY
    assert send(site, "instances", test_inventory.part(1, total=3)) == "taken"
    with transaction(site.db):
        chunks.prune(site.db, site.clock[0] + 1)
    left = {
        kind: len(chunks.bodies(site.db, kind=kind, repo_id=7, credential="key:1", batch_id="batch-1"))
        for kind in ("upload", "inventory")
    }
    assert left == {"upload": 0, "inventory": 2}


@BOTH
def test_a_whole_batch_stays_until_it_is_worked(site: Site, path: str, make: Make) -> None:
    kind = "upload" if make is test_api.chunk else "inventory"

    def left() -> int:
        with transaction(site.db):
            chunks.prune(site.db, site.clock[0])
        return len(chunks.bodies(site.db, kind=kind, repo_id=7, credential="key:1", batch_id="batch-1"))

    assert [send(site, path, make(index, total=2)) for index in (0, 1)] == ["taken", "complete"]
    site.clock[0] += 3 * DAY  # nothing works meanwhile
    assert left() == 2
    with transaction(site.db):
        inbox.park(site.db, 1, "commit:7:abc", repo_id=7, reason="it waits")
    assert left() == 2
    with transaction(site.db):
        inbox.finish(site.db, 1, now=site.clock[0], reason="a plan starts")
    assert left() == 0


@pytest.mark.parametrize("count", [0, 1, 2_422, 10_000])
def test_reports_of_every_size(site: Site, count: int) -> None:
    names = [f"part-{number}" for number in range(count)]
    stacks: list[dict[str, Any]] = [{"component": name, "stack": "dev", "dependents": []} for name in names]
    assert send(site, "affected-stacks", upload_body(stacks=stacks)) == "complete"
    listed = [{"component": name, "stack": "dev", "component_type": "terraform"} for name in names]
    assert send(site, "instances", inventory_body(instances=listed)) == "complete"
    assert [kind for kind, _ in site.inbox()] == ["upload", "inventory"]


@pytest.mark.parametrize("count", [0, 1, 2_422, 10_000])
def test_the_parts_of_an_upload_of_any_size_say_all_of_it(site: Site, count: int) -> None:
    stacks = [{"component": f"part-{number}", "stack": "dev"} for number in range(count)]
    cut = [stacks[at : at + 500] for at in range(0, max(count, 1), 500)]
    places = list(range(len(cut)))
    random.Random(count).shuffle(places)
    for index in places:
        send(site, "affected-stacks", test_api.chunk(index, total=len(cut), stacks=cut[index]))
    assert batches(site) == [("upload", "key:1", "batch-1")]
    bodies = chunks.bodies(site.db, repo_id=7, credential="key:1", batch_id="batch-1")
    assert len(read_upload(bodies, 0.0).graph.nodes) == count
