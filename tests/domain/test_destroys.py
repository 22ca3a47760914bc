"""What a merge removed: what is destroyed, in which order, and what is left for people."""

from dataclasses import replace

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from bot.domain.destroys import REMOVED, arrange, workflows_of
from bot.domain.events import Remembered, Removal
from bot.domain.graph import Graph, Node
from bot.domain.layout import lay_out
from bot.domain.model import Status
from bot.domain.pro import MERGED
from bot.domain.rollout import Draft, Walk, own_status
from tests.domain.world import FILES, at, dispatch_of, file, graph, pro, rollout_of, sha_of

DESTROYABLE = pro(deleted=("destroy.yaml",))
OURS = FILES | {"destroy.yaml": file("destroy.yaml")}
BEFORE = sha_of(0xBEF)
SURE = Removal(BEFORE, agrees=True)
UNSURE = Removal(BEFORE, agrees=False)


def memory(text, **settings):
    """Remember a graph as `graph` takes it; each instance can be destroyed unless its settings say otherwise."""
    old = graph(text, **settings)
    return {
        instance: Remembered(
            settings.get(instance.component, DESTROYABLE), old.parents[instance], old.children[instance]
        )
        for instance in old.nodes
    }


def laid(told, known, removal=SURE):
    """Lay a merge out; its steps by component."""
    made = lay_out(
        told, activity=MERGED, sha=sha_of(1), files=OURS, destroys=arrange(told, known, removal), before=BEFORE
    )
    return {step.instance.component: step for step in made.steps}


def gone(text, *names):
    """Make the graph of an upload in which these are removed."""
    return graph(text, **dict.fromkeys(names))


def edges(steps):
    names = {step.index: name for name, step in steps.items()}
    return {f"{names[parent]}>{name}" for name, step in steps.items() for parent in step.parents}


def test_children_go_before_parents_at_the_commit_before_the_merge():
    steps = laid(gone("a b c", "a", "b", "c"), memory("a>b b>c"))
    assert edges(steps) == {"c>b", "b>a"}
    for step in steps.values():
        (call,) = step.calls
        assert (call.workflow, dict(call.inputs)["sha"], step.destroys) == ("destroy.yaml", BEFORE, True)


def test_what_it_depended_on_is_applied_after_it():
    steps = laid(gone("a c", "c"), memory("a>c"))
    assert edges(steps) == {"c>a"}
    assert [call.workflow for call in steps["a"].calls] == ["apply.yaml"]
    assert dict(steps["a"].calls[0].inputs)["sha"] == sha_of(1)


def test_what_depended_on_it_and_lives_on_is_applied_first():
    assert edges(laid(gone("a b", "a"), memory("a>b"))) == {"b>a"}


def test_a_chain_of_both_has_one_order():
    # b hung between a and c; it goes once c does without it, and before a is applied.
    steps = laid(gone("a b c", "b"), memory("a>b b>c"))
    assert edges(steps) == {"c>b", "b>a"}


def test_what_would_wait_for_itself_is_left_for_people():
    # c lives on below a, so a is applied before it; b hung between them, and has no moment.
    steps = laid(gone("a>c b", "b"), memory("a>b b>c"))
    assert "no moment to destroy it" in steps["b"].manual
    assert (steps["b"].calls, edges(steps)) == ((), {"a>c"})


def test_what_needs_something_tangled_is_left_for_people_with_it():
    steps = laid(gone("a>c b r", "b", "r"), memory("a>b b>c r>b"))
    assert "no moment" in steps["b"].manual
    assert "`dev/b` is known to depend on it" in steps["r"].manual


@pytest.mark.parametrize(
    ("told", "known", "name", "sentence"),
    [
        (gone("a", "a"), {}, "a", REMOVED),
        (gone("a", "a"), memory("a", a=pro()), "a", REMOVED),
        (gone("a", "a"), memory("a", a=DESTROYABLE | {"enabled": False}), "a", REMOVED),
        (gone("a", "a"), memory("a", a={"pull_request": {"deleted": 7}}), "a", "is not a mapping"),
        (gone("a", "a"), memory("a>b"), "a", "`dev/b` is known to depend on it"),
        (gone("a b", "a", "b"), memory("a>b", b=pro()), "a", "`dev/b` is known to depend on it"),
        (gone("a b c", "a", "b"), memory("a>b b>x"), "a", "`dev/b` is known to depend on it"),
        (gone("z a", "z", "a"), memory("z>a a>x"), "z", "`dev/a` is known to depend on it"),
        (graph("a b", a=None, b=pro(apply=())), memory("a>b"), "a", "`dev/b` is known to depend on it"),
    ],
    ids=[
        "unknown",
        "no workflow",
        "off",
        "malformed",
        "outside",
        "manual below",
        "through another",
        "the other way",
        "never applied",
    ],
)
def test_what_cannot_be_destroyed_says_why(told, known, name, sentence):
    step = laid(told, known)[name]
    assert sentence in (step.manual or step.problem)
    assert step.calls == ()


def test_without_a_second_fact_it_is_left_for_people():
    steps = laid(gone("a b", "a", "b"), memory("a b"), replace(UNSURE, gone=frozenset({at("b")})))
    assert "no inventory of the merge agrees" in steps["a"].manual
    assert steps["b"].destroys
    assert steps["b"].manual == ""


def test_a_plan_tells_what_will_become_of_it():
    steps = laid(gone("a b c", "a", "b", "c"), memory("a c>x", b=pro()), removal=None)
    assert "After the merge it can be destroyed here" in steps["a"].manual
    assert steps["b"].manual == REMOVED
    assert "`dev/x` is known to depend on it" in steps["c"].manual
    assert (edges(steps), [step.calls for step in steps.values()]) == (set(), [()] * 3)


def test_its_workflow_files_are_read_beforehand():
    told = gone("a b c", "a", "b")
    assert workflows_of(told, memory("a b c", b=pro())) == {"destroy.yaml"}
    assert workflows_of(told, memory("a", a={"pull_request": {"deleted": {"workflows": {"../x": {}}}}})) == set()


def test_a_file_that_is_missing_fails_the_step():
    told = gone("a", "a")
    made = lay_out(
        told,
        activity=MERGED,
        sha=sha_of(1),
        files={"destroy.yaml": None},
        destroys=arrange(told, memory("a"), SURE),
        before=BEFORE,
    )
    (step,) = made.steps
    assert "`.github/workflows/destroy.yaml` does not exist" in step.problem


# Random merges over random graphs.

FATES = ("kept", "changed", "idle", "removed", "forgotten")


@st.composite
def merges(draw):
    """Draw the graph from before a merge, the graph after it, and what became of each instance."""
    names = [f"i{number}" for number in range(draw(st.integers(1, 8)))]
    fates = {name: draw(st.sampled_from(FATES)) for name in names}

    def needs(order):
        found = {}
        for number, name in enumerate(order):
            above = st.lists(st.sampled_from(order[:number]), max_size=3, unique=True) if number else st.just([])
            found[name] = draw(above)
        return found

    old = needs(draw(st.permutations(names)))
    living = [name for name in names if fates[name] not in ("removed", "forgotten")]
    new = {name: [need for need in old[name] if need in living] for name in living}
    if draw(st.booleans()):  # what changed may depend on other things now, also the other way round
        fresh = needs(draw(st.permutations(living)))
        new = {name: fresh[name] for name in living}
        fates |= {name: "changed" for name in living if set(new[name]) != set(old[name]) and fates[name] != "idle"}
    return fates, old, new


def uploaded(fates, new):
    """Say what the CLI uploads: what changed, all that depends on it, and what was removed."""
    below = {name: [child for child in new if name in new[child]] for name in new}
    todo = [name for name in new if fates[name] in ("changed", "idle")]
    told = set(todo)
    for name in todo:
        todo += [child for child in below[name] if child not in told]
        told.update(below[name])
    nodes = [Node(at(name), pro=pro(apply=()) if fates[name] == "idle" else DESTROYABLE) for name in sorted(told)]
    nodes += [Node(at(name), deleted=True) for name in sorted(fates) if name not in new]
    return Graph.of(nodes, [(at(need), at(name)) for name in told for need in new[name] if need in told])


def remembered(fates, old):
    below = {name: [child for child in old if name in old[child]] for name in old}
    return {
        at(name): Remembered(
            pro() if fates[name] == "forgotten" else DESTROYABLE,
            tuple(sorted(map(at, old[name]))),
            tuple(sorted(map(at, below[name]))),
        )
        for name in old
        if fates[name] in ("removed", "forgotten")
    }


def walked(draw_next, steps):
    """Carry everything out, one by one, as each may go; the order in which that happened."""
    walk = Walk.of(rollout_of(steps, activity=MERGED), steps)
    order = []
    while walk.ready:
        index = draw_next(sorted(walk.ready))
        draft = Draft(walk)
        draft.put_dispatch(dispatch_of(index, Status.SUCCEEDED, id=f"sy-{index}"))
        walk.apply(draft)
        order.append(walk.steps[index].instance.component)
    left = [step.instance for step in walk.steps if own_status(step) not in (Status.SUCCEEDED, Status.MANUAL)]
    assert left == [], "something waits for ever"
    return order


@settings(max_examples=300)
@given(st.data(), merges())
def test_creates_and_destroys_never_deadlock_and_never_invert(data, drawn):
    fates, old, new = drawn
    told = uploaded(fates, new)
    steps = laid(told, remembered(fates, old))
    assert [step.problem for step in steps.values()] == [""] * len(steps)
    order = walked(lambda ready: data.draw(st.sampled_from(ready)), list(steps.values()))
    turn = {name: number for number, name in enumerate(order)}
    destroyed = {name for name, step in steps.items() if step.destroys}
    event(f"{len(destroyed)} destroyed of {sum(step.instance.component not in new for step in steps.values())}")
    for name in destroyed:
        for child in (child for child in old if name in old[child]):
            assert child in turn, "it was pulled from under something that stays"
            assert turn[child] < turn[name]
        for parent in old[name]:
            assert parent not in turn or turn[name] < turn[parent], "what it depended on went before it"
    for name in new:
        for parent in new[name]:
            if name in turn and parent in turn:
                assert turn[parent] < turn[name], "the usual order does not hold any more"


@given(merges())
def test_what_is_removed_is_destroyed_or_says_why_not(drawn):
    fates, old, new = drawn
    steps = laid(uploaded(fates, new), remembered(fates, old))

    def clear(name):
        return fates[name] == "removed" and all(clear(child) for child in old if name in old[child])

    for name in set(fates) - set(new):
        step = steps[name]
        assert step.destroys is not bool(step.manual)
        if clear(name):
            assert step.destroys
        if fates[name] == "forgotten":
            assert step.manual == REMOVED
