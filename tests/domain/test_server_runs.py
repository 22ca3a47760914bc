"""What is chosen on the server: which instances, in which order, whatever depends on what."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.domain import server_runs
from bot.domain.destroys import arrange
from bot.domain.events import Remembered, Removal
from bot.domain.graph import Instance, order
from bot.domain.server_runs import Known

PRO = {"pull_request": {name: {"workflows": {"run.yaml": {}}} for name in ("merged", "deleted")}}


@st.composite
def memories(draw: st.DrawFn) -> tuple[Known, list[Instance]]:
    """Make up what is remembered of up to eight instances without a cycle, and choose some of them."""
    names = [Instance("dev", f"c{number}") for number in range(draw(st.integers(1, 8)))]
    parents = {
        name: draw(st.sets(st.sampled_from(names[:place]))) if place else set() for place, name in enumerate(names)
    }
    known = {
        name: Remembered(PRO, tuple(sorted(parents[name])), tuple(sorted(one for one in names if name in parents[one])))
        for name in names
    }
    return known, sorted(draw(st.sets(st.sampled_from(names), min_size=1)))


def above(known: Known, instance: Instance) -> set[Instance]:
    found, todo = set[Instance](), [instance]
    while todo:
        new = [parent for parent in known[todo.pop()].parents if parent not in found]
        found.update(new)
        todo += new
    return found


@given(memories())
def test_whatever_is_chosen_goes_after_all_that_it_depends_on(made: tuple[Known, list[Instance]]) -> None:
    known, chosen = made
    ordered = order(server_runs.graph_of(known, chosen, destroys=False))
    assert sorted(ordered) == chosen
    for place, instance in enumerate(ordered):
        assert above(known, instance).isdisjoint(ordered[place:])


@given(memories())
def test_downstream_is_all_that_depends_on_what_is_named(made: tuple[Known, list[Instance]]) -> None:
    known, chosen = made
    named = [f"{one.stack}/{one.component}" for one in chosen]
    below = {one for one in known if above(known, one).intersection(chosen)}
    assert server_runs.choose(known, named, below=True) == tuple(sorted(below.union(chosen)))
    alone = server_runs.choose(known, named, below=True, themselves=False)
    assert alone == tuple(sorted(below.difference(chosen)))


@given(memories())
def test_a_destroy_is_refused_or_goes_before_all_that_it_depends_on(made: tuple[Known, list[Instance]]) -> None:
    known, chosen = made
    left = {one for one in known if above(known, one).intersection(chosen)}.difference(chosen)
    refused = server_runs.why_not(known, chosen, "pull_request.deleted", destroys=True)
    assert bool(refused) == bool(left)
    if not refused:
        removal = Removal(before="c" * 40, agrees=True)
        arranged = arrange(server_runs.graph_of(known, chosen, destroys=True), known, removal)
        ordered = order(arranged.graph)
        assert sorted(ordered) == chosen == sorted(arranged.pro)
        for place, instance in enumerate(ordered):
            assert above(known, instance).isdisjoint(ordered[:place])


@given(memories(), memories())
def test_the_hash_changes_with_what_is_remembered_and_only_then(
    one: tuple[Known, list[Instance]], other: tuple[Known, list[Instance]]
) -> None:
    known, chosen = one
    told = {instance: known[instance] for instance in chosen}
    others = {instance: other[0].get(instance) for instance in chosen}
    same = server_runs.digest(known, chosen) == server_runs.digest(other[0], chosen)
    assert same == (told == others)
