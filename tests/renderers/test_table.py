"""The table: what stands first, what is folded, and where each row leads."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bot.domain.facts import FailedJob, Gate
from bot.domain.model import Hold, HoldKind, Status
from bot.domain.rollout import Walk
from bot.domain.states import states
from renderers.room import Room
from renderers.rows import cells
from renderers.scene import Scene
from renderers.table import sections
from renderers.words import signed
from tests.renderers.world import MERGE, MERGED, Key, environment, view, walk

RUN = "https://github.com/acme/infra/actions/runs/19000000000"
LINK = f"[<code>apply \\| prod</code>]({RUN}/job/7)"
JOB = FailedJob("apply | prod", f"{RUN}/job/7", 1, "terraform apply")
ONE: Key = ("prod", "vpc")


def scene(seen: Walk) -> Scene:
    """Make the scene of a rollout whose pull request is merged."""
    return Scene(view(seen, pull=MERGED), seen, states(seen))


def row(activity: str = "pull_request.merged", **facts: Any) -> tuple[str, ...]:
    """Write the row of one instance."""
    return cells(scene(walk({ONE: ()}, activity=activity, sha=MERGE, facts={ONE: facts})), 0)


def written(seen: Walk) -> list[str]:
    """Write all sections of a rollout, with all the room there is."""
    return [one.write(Room(1_000_000)) for one in sections(scene(seen))]


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({}, "the job {} failed at `terraform apply`"),
        (
            {"conclusion": "timed_out"},
            "the job {} took too long at `terraform apply`",
        ),
        (
            {"result": "error"},
            "the job {} failed at `terraform apply`: Terraform ended with an error",
        ),
        ({"attempt": 2}, "the run failed"),  # what is known is of the attempt before
        ({"reason": "bob rejected it."}, "bob rejected it."),
    ],
)
def test_a_failed_row_leads_to_the_job(facts: dict[str, Any], told: str) -> None:
    attempt = facts.get("attempt", 1)
    found = row(**{"status": Status.FAILED, "failed_job": JOB, "result_attempt": attempt, **facts})[3]
    assert found == told.replace("{}", LINK)


def test_a_plan_that_failed_for_its_changes_leads_to_its_job() -> None:
    told = row("pull_request.synchronize", status=Status.FAILED, failed_job=JOB, result="changes", result_attempt=1)[3]
    assert told.endswith(f"is off in `atmos.yaml`, so the job {LINK} failed")


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"status": Status.SUCCEEDED}, f"[summary]({RUN}), 50\u00a0s"),
        ({"status": Status.SUCCEEDED, "attempt": 3}, f"[summary]({RUN}), 50\u00a0s, attempt\u00a03"),
        ({"status": Status.SUCCEEDED, "sent_before": 1}, f"[summary]({RUN}), 50\u00a0s, 2nd\u00a0run"),
        (
            {"status": Status.FAILED, "sent_before": 2, "attempt": 2},
            f"[summary]({RUN}), 50\u00a0s, 3rd\u00a0run, attempt\u00a02",
        ),
        ({"status": Status.RUNNING}, f"[run]({RUN})"),
        ({"status": Status.APPROVAL}, f"[review]({RUN})"),
        ({"status": Status.DISPATCHING}, ""),
    ],
)
def test_a_row_leads_to_its_run(facts: dict[str, Any], told: str) -> None:
    assert row(**facts)[4] == told


def test_what_waits_for_people_leads_to_the_environment() -> None:
    told = row(status=Status.APPROVAL, gate=Gate(("prod / eu",), ("alice",)))[3]
    page = "https://github.com/acme/infra/deployments/activity_log?environments_filter=prod%20%2F%20eu"
    assert told == f"waits for [`prod / eu`]({page}): alice may approve"


def test_rows_stand_worst_first_and_by_stack() -> None:
    needs: dict[Key, tuple[Key, ...]] = {(stack, name): () for name in "abc" for stack in ("dev", "prod")}
    failed, running = {"status": Status.FAILED}, {"status": Status.RUNNING}
    facts = {("prod", "c"): failed, ("dev", "b"): failed, ("prod", "a"): running, ("dev", "c"): {"manual": "Left."}}
    (text,) = written(walk(needs, facts=facts, succeeded=[("dev", "a"), ("prod", "b")]))
    rows = [line.split(" | ")[1:3] for line in text.splitlines()[2:]]
    assert rows == [
        ["`dev`", "`b`"],
        ["`prod`", "`c`"],
        ["`dev`", "`c`"],
        ["`prod`", "`a`"],
        ["`dev`", "`a`"],
        ["`prod`", "`b`"],
    ]


def test_one_stack_stands_above_the_table() -> None:
    (text,) = written(walk(environment("plat-prod"), succeeded=environment("plat-prod")))
    assert text.splitlines()[0] == "| Status | Component in `plat-prod` | Run |"


def test_of_many_plans_those_with_changes_are_told_apart() -> None:
    needs = environment("dev", "stage", "prod")
    results = {key: "changes" if key[1] == "api" else "no changes" for key in needs} | {("dev", "vpc"): ""}
    facts = {key: {"status": Status.SUCCEEDED, "result": told, "result_attempt": 1} for key, told in results.items()}
    titles = [text.splitlines()[1] for text in written(walk(needs, facts=facts)) if text]
    assert titles == [
        "<summary>✅ 3 succeeded with changes</summary>",
        "<summary>✅ 1 succeeded</summary>",
        "<summary>✅ 26 succeeded without changes</summary>",
    ]


URGENT = [Status.APPROVAL, Status.RUNNING, Status.FAILED, Status.TIMED_OUT, Status.QUEUED]


@pytest.mark.parametrize("status", URGENT)
def test_of_very_many_the_first_stand_open_and_the_rest_is_folded_in_full(status: Status) -> None:
    needs: dict[Key, tuple[Key, ...]] = {("dev", f"c{number}"): () for number in range(150)}
    (text,) = written(walk(needs, facts={key: {"status": status} for key in needs}))
    shown, folded = text.split("<details>")
    assert shown.count(f"| {signed(status)} |") == 20
    assert "<summary>130 more: " in folded
    assert text.count("/actions/runs/") == 150


def test_very_many_held_are_told_in_full() -> None:
    needs: dict[Key, tuple[Key, ...]] = {("dev", f"c{number}"): () for number in range(150)}
    held = {"holds": (Hold(HoldKind.BREAKER, "Too many at once."),)}
    (text,) = written(walk(needs, facts=dict.fromkeys(needs, held)))
    assert text.count("Too many at once.") == 150


def test_what_has_no_room_for_a_row_is_told_by_name() -> None:
    needs: dict[Key, tuple[Key, ...]] = {("dev", f"c{number}"): () for number in range(150)}
    (section,) = sections(scene(walk(needs, facts={key: {"status": Status.APPROVAL} for key in needs})))
    room = Room(12_000)
    text = section.write(room)
    assert 20 < text.count("[review](") == 150 - room.named
    assert all(f"`c{number}`" in text for number in range(150))


def many(count: int, **facts: Any) -> Walk:
    """Make a rollout whose instances are all alike, ten in a stack."""
    needs: dict[Key, tuple[Key, ...]] = {(f"stack{number // 10}", f"c{number}"): () for number in range(count)}
    return walk(needs, facts=dict.fromkeys(needs, facts))


def linked(text: str) -> list[str]:
    """List the names that lead to a run, or that stand in one row with a link to it."""
    names = re.findall(r"\[`(c\d+)`\]\(https://github.com/acme/infra/actions/runs/\d+\)", text)
    return names + re.findall(r"`(c\d+)` .*\[summary\]\(https://github.com/acme/infra/actions/runs/\d+\)", text)


def test_of_very_many_that_need_nobody_the_first_names_lead_to_their_runs() -> None:
    seen = scene(many(300, status=Status.SUCCEEDED))
    room = Room(1_000_000)
    text = "".join(one.write(room) for one in sections(seen))
    assert all(f"`c{number}`" in text for number in range(300))
    assert linked(text) == [f"c{number}" for number in range(200)]
    assert room.left_out() == "<sub>100 instances are told by name alone.</sub>"


def test_very_many_without_a_run_are_told_by_name_alone() -> None:
    room = Room(1_000_000)
    text = "".join(one.write(room) for one in sections(scene(many(101))))
    assert "](" not in text
    assert room.left_out() == "<sub>101 instances are told by name alone.</sub>"


def test_of_thousands_that_failed_the_first_keep_their_links() -> None:
    room = Room(59_000)
    text = sections(scene(many(5_000, status=Status.FAILED)))[0].write(room)
    assert 0 <= room.left < 1_000
    assert text.split("<details>")[0].count("[summary](") == 20
    assert 120 < len(linked(text)) <= 200
    assert 2_000 < room.named + len(linked(text)) == 5_000 - room.rows["failed"]


def test_names_are_worth_more_than_links() -> None:
    needs: dict[Key, tuple[Key, ...]] = {("dev", f"c{number}"): () for number in range(600)}
    keys = list(needs)
    facts = {key: {"status": Status.SUPERSEDED} for key in keys[:300]}
    facts |= {key: {"status": Status.SUCCEEDED} for key in keys[300:]}
    room = Room(16_000)
    text = "".join(one.write(room) for one in sections(scene(walk(needs, facts=facts))))
    assert all(f"`c{number}`" in text for number in range(600))
    assert 0 < len(linked(text)) < 200
    assert room.named == 600 - len(linked(text))
