"""What is remembered of instances for the day on which they are removed."""

from __future__ import annotations

from bot.domain.graph import Graph, Instance, Node
from bot.domain.model import Status, Step
from bot.domain.pro import MERGED
from bot.domain.rollout import Draft, Walk
from bot.store import inventory, uploads
from bot.store.db import Db, transaction
from tests.domain.world import REPO as OURS
from tests.domain.world import at, dispatch_of, graph, rollout_of

REPO = OURS.id


def remember(db: Db, told: Graph, now: float = 1.0) -> None:
    with transaction(db):
        uploads.remember(db, REPO, told, now)


def parents(db: Db, component: str) -> list[str]:
    return [parent.component for parent in uploads.recall(db, REPO, [at(component)])[at(component)].parents]


def children(db: Db, component: str) -> list[str]:
    return [child.component for child in uploads.recall(db, REPO, [at(component)])[at(component)].children]


def test_what_an_upload_does_not_list_stays_known(db: Db) -> None:
    remember(db, graph("a>b b>c"))
    remember(db, graph("b>c"))  # b alone changed, and nobody lists what it depends on
    assert (parents(db, "b"), parents(db, "c"), children(db, "a")) == (["a"], ["b"], ["b"])


def test_of_what_an_upload_lists_it_knows_better(db: Db) -> None:
    remember(db, graph("a>b a>c"))
    remember(db, graph("a>c b"))
    assert (parents(db, "b"), children(db, "a")) == ([], ["c"])


def test_what_does_without_something_that_was_removed_is_no_child_of_it(db: Db) -> None:
    remember(db, graph("a>b"))
    remember(db, graph("a b", a=None))
    assert (parents(db, "b"), children(db, "a")) == ([], [])


def destroyed(*names: str, status: Status = Status.SUCCEEDED) -> Draft:
    """Make the news that these were destroyed by a rollout of the time 100."""
    steps = [Step(number, at(name), (), (), (), 1, destroys=True) for number, name in enumerate(names)]
    draft = Draft(Walk.of(rollout_of(steps, activity=MERGED), steps))
    for step in steps:
        draft.put_dispatch(dispatch_of(step.index, status, id=f"sy-{step.index}"))
    return draft


def test_what_was_destroyed_is_nobody_s_child_any_more(db: Db) -> None:
    remember(db, graph("a>b a>c"))
    with transaction(db):
        uploads.forget_destroyed(db, destroyed("b"))
        uploads.forget_destroyed(db, destroyed("c", status=Status.FAILED))
    assert children(db, "a") == ["c"]
    assert uploads.recall(db, REPO, [at("b")]) == {}


def test_what_is_back_is_not_forgotten(db: Db) -> None:
    remember(db, graph("a b c"))
    remember(db, graph("a"), now=200.0)
    with transaction(db):
        inventory.seen(db, REPO, [inventory.Entry(*at("b"), "terraform", None)], 200.0)
        uploads.forget_destroyed(db, destroyed("a", "b", "c"))
    assert set(uploads.recall(db, REPO, map(at, "abc"))) == {at("a"), at("b")}


def test_what_cannot_be_dispatched_is_not_remembered(db: Db) -> None:
    bad = Instance("dev", "bad name")
    remember(db, Graph.of([Node(bad, pro={}, problem="It is refused.")], []))
    assert uploads.recall(db, REPO, [bad]) == {}
