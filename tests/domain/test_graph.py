"""Uploads become graphs, and graphs become an order."""

import itertools
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.graph import (
    Graph,
    Instance,
    Node,
    UploadTooLarge,
    build,
    chains,
    contract,
    cycles,
    longest_chain,
    order,
    stuck,
    waves,
)
from bot.domain.names import allowed, shown


@dataclass
class Item:
    component: str
    dependents: list = field(default_factory=list)
    pro: object = None
    deleted: bool = False
    stack: str = "dev"

    def same_pro(self, other):
        return self.pro == other.pro


def at(component):
    return Instance("dev", component)


def graph(text):
    """Make a graph of `a>b b>c d`."""
    words = text.split()
    edges = [tuple(map(at, word.split(">"))) for word in words if ">" in word]
    nodes = dict.fromkeys(name for word in words for name in word.split(">"))
    return Graph.of([Node(at(name)) for name in nodes], edges)


def names(instances):
    return " ".join(instance.component for instance in instances)


def pairs(made):
    return [(parent, child) for parent, children in made.children.items() for child in children]


def edges(made):
    return {f"{parent.component}>{child.component}" for parent, child in pairs(made)}


def test_an_instance_is_named_stack_first():
    assert str(Instance("plat-ue2-dev", "eks/cluster")) == "plat-ue2-dev/eks/cluster"
    assert Instance("a", "z") < Instance("b", "a")


def test_all_nestings_count():
    made = build([Item("a", [Item("b", [Item("c")])]), Item("b", [Item("d")]), Item("a", [Item("c")])])
    assert edges(made) == {"a>b", "b>c", "b>d", "a>c"}
    assert {node.instance.component for node in made.nodes.values() if node.changed} == {"a", "b"}
    assert made.parents[at("c")] == (at("a"), at("b"))
    assert made.children[at("d")] == ()


def test_a_cycle_in_the_nesting_is_an_edge_like_any_other():
    made = build([Item("a", [Item("b", [Item("a")])]), Item("c", [Item("c")])])
    assert edges(made) == {"a>b", "b>a", "c>c"}
    assert not any(node.problem for node in made.nodes.values())


def test_deep_nesting_is_walked_without_recursion():
    item = Item("c0")
    for index in range(1, 5_000):
        item = Item(f"c{index}", [item])
    assert len(build([item]).nodes) == 5_000


def test_too_many_instances_are_refused():
    items = [Item(f"c{index}") for index in range(4)]
    assert len(build([*items, *items], limit=4).nodes) == 4
    with pytest.raises(UploadTooLarge, match="more than 3 instances"):
        build(items, limit=3)


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ([Item("a", pro={"x": 1}), Item("a", pro={"x": 1})], None),
        ([Item("a", pro={"x": 1}), Item("b", [Item("a", pro={"x": 2})])], "different `settings.pro`"),
        ([Item("a", pro={"x": 1}), Item("a")], "different `settings.pro`"),
        ([Item("a", deleted=True), Item("a", pro={"x": 1})], "deleted and that it exists"),
        ([Item("a", pro=["x"])], "not a mapping"),
        ([Item("a", stack="de v")], "stack name `de v` is refused"),
    ],
)
def test_what_is_wrong_with_one_instance_is_told_there(items, said):
    made = build([*items, Item("fine")])
    problem = next(node.problem for node in made.nodes.values() if node.instance.component == "a")
    assert (problem is None) if said is None else (said in problem)
    assert made.nodes[at("fine")].problem is None


def test_settings_that_contradict_each_other_are_not_used():
    items = [Item("a", pro={"x": 1}), Item("a", pro={"x": 2})]
    assert build(items).nodes[at("a")].pro is None


@pytest.mark.parametrize(
    ("name", "fine"),
    [
        ("vpc", True),
        ("eks/cluster", True),
        ("_a.b-c/1+2@3=4:5", True),
        ("a..b", True),
        ("x" * 200, True),
        ("x" * 201, False),
        ("", False),
        ("/a", False),
        ("a/", False),
        ("a//b", False),
        ("a/../b", False),
        ("a/.", False),
        ("..", False),
        ("-rf", False),
        (".hidden", False),
        ("a b", False),
        ("a\n", False),
        ("a`b", False),
        ("ä", False),
        ("{{ .x }}", False),
    ],
)
def test_names(name, fine):
    assert allowed(name) is fine
    assert (build([Item(name)]).nodes[at(name)].problem is None) is fine


def test_any_text_can_be_shown_in_a_sentence():
    assert shown("a\nb\x00") == "a�b�"
    assert shown("x" * 70, 10) == "xxxxxxxxx…"


@pytest.mark.parametrize(
    ("text", "kept", "left"),
    [
        ("a>x x>b", "ab", {"a>b"}),
        ("a>x x>y y>b", "ab", {"a>b"}),
        ("a>x b>x x>c x>d", "abcd", {"a>c", "a>d", "b>c", "b>d"}),
        ("a>b b>c", "ac", {"a>c"}),
        ("a>x x>y y>x y>b", "ab", {"a>b"}),
        ("a>x x>a", "a", {"a>a"}),
        ("x>a a>y", "a", set()),
        ("a>x x>b a>b", "ab", {"a>b"}),
    ],
)
def test_order_runs_through_what_is_dropped(text, kept, left):
    contracted = contract(graph(text), lambda node: node.instance.component in kept)
    assert edges(contracted) == left
    assert set(contracted.nodes) == {at(name) for name in kept}


def test_too_many_pairs_through_one_dropped_instance_are_refused():
    hub = graph(" ".join(f"p{index}>hub hub>c{index}" for index in range(40)))
    assert len(pairs(contract(hub, lambda node: node.instance != at("hub")))) == 1_600
    with pytest.raises(UploadTooLarge, match="more than 1000 pairs"):
        contract(hub, lambda node: node.instance != at("hub"), limit=1000)


@pytest.mark.parametrize(
    ("text", "paths", "without_order"),
    [
        ("a>b", [], ""),
        ("a>a", ["a"], "a"),
        ("b>c c>b a>b c>d d>e", ["b c"], "b c d e"),
        ("a>b b>c c>a c>d d>c", ["a b c"], "a b c d"),
        ("a>b b>a b>c c>d d>c", ["a b", "c d"], "a b c d"),
    ],
)
def test_cycles_are_named_by_one_way_round(text, paths, without_order):
    made = graph(text)
    assert [names(path) for path in cycles(made)] == paths
    assert names(sorted(stuck(made))) == without_order
    assert names(sorted(order(made)[len(made.nodes) - len(stuck(made)) :])) == without_order
    assert names(sorted(itertools.chain(*waves(made), stuck(made)))) == names(sorted(made.nodes))


def test_a_member_of_a_cycle_is_told_its_own():
    paths = stuck(graph("a>b b>a b>c c>d d>c d>e"))
    assert [names(paths[at(name)]) for name in "abcd"] == ["a b", "a b", "c d", "c d"]


def test_waves_chains_and_the_longest_chain():
    made = graph("vpc>db vpc>lb lb>cluster vpc>cluster cluster>api db>api bucket")
    assert [names(wave) for wave in waves(made)] == ["bucket vpc", "db lb", "cluster", "api"]
    assert names(order(made)) == "bucket vpc db lb cluster api"
    assert names(longest_chain(made)) == "vpc lb cluster api"
    by_name = {instance.component: chain for instance, chain in chains(made).items()}
    assert by_name == {"vpc": 4, "lb": 3, "cluster": 2, "db": 2, "api": 1, "bucket": 1}
    assert longest_chain(graph("")) == []


@st.composite
def digraphs(draw):
    count = draw(st.integers(1, 8))
    chosen = draw(st.sets(st.sampled_from([(a, b) for a in range(count) for b in range(count)])))
    names_of = draw(st.permutations([at(f"c{index}") for index in range(count)]))
    return Graph.of([Node(name) for name in names_of], [(names_of[a], names_of[b]) for a, b in chosen])


def reachable(made):
    """Find by brute force what can be reached from each instance."""
    reach = {instance: set(children) for instance, children in made.children.items()}
    for through in made.nodes:
        for found in reach.values():
            if through in found:
                found |= reach[through]
    return reach


@given(digraphs())
def test_orders_hold_for_any_graph(made):
    reach = reachable(made)
    looped = {instance for instance in reach if instance in reach[instance]}
    assert set(stuck(made)) == looped.union(*(reach[instance] for instance in looped))
    assert set(itertools.chain(*cycles(made))) <= looped
    for path in cycles(made):
        assert all(after in made.children[one] for one, after in zip(path, (*path[1:], path[0]), strict=True))
    place = {instance: number for number, instance in enumerate(order(made))}
    assert set(place) == set(made.nodes)
    for parent, child in pairs(made):
        if parent not in reach[child]:
            assert place[parent] < place[child]
    wave_of = {instance: number for number, wave in enumerate(waves(made)) for instance in wave}
    for instance, number in wave_of.items():
        assert number == max((wave_of[parent] + 1 for parent in made.parents[instance]), default=0)


@given(digraphs(), st.integers(0, 255))
def test_contraction_keeps_the_order_of_what_stays(made, bits):
    stay = {instance for instance in made.nodes if bits >> int(instance.component[1:]) & 1}
    contracted = contract(made, lambda node: node.instance in stay)
    before, after = reachable(made), reachable(contracted)
    assert {instance: before[instance] & stay for instance in stay} == after
