"""What people may write to name instances, and what it means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.graph import Instance
from bot.domain.targets import BadTarget, select

NAMES = (
    "plat-ue2-dev vpc",
    "plat-ue2-dev eks/cluster",
    "plat-ue2-prod vpc",
    "plat-ue2-prod eks/cluster",
    "org/core vpc",
    "org core/vpc",
    "org/core/vpc dns",
    "dns dns",
    "same dns",
    "mail same",
)
ALL = [Instance(*name.split()) for name in NAMES]
HELD = {Instance("plat-ue2-prod", "vpc"), Instance("dns", "dns")}


def meant(*targets, instances=ALL):
    """Write what targets mean, with a `!` where it was named in full."""
    return [f"{one}{'!' * full}" for one, full in select(targets, instances, {"@held": HELD}).items()]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("plat-ue2-dev", ["plat-ue2-dev/vpc", "plat-ue2-dev/eks/cluster"]),
        ("eks/cluster", ["plat-ue2-dev/eks/cluster", "plat-ue2-prod/eks/cluster"]),
        ("plat-ue2-prod/eks/cluster", ["plat-ue2-prod/eks/cluster!"]),
        ("plat-ue2-prod//eks/cluster", ["plat-ue2-prod/eks/cluster!"]),
        ("org/core//vpc", ["org/core/vpc!"]),
        ("org//core/vpc", ["org/core/vpc!"]),
        ("vpc", ["plat-ue2-dev/vpc", "plat-ue2-prod/vpc", "org/core/vpc"]),
        ("*-prod", ["plat-ue2-prod/vpc", "plat-ue2-prod/eks/cluster"]),
        ("*-prod*", ["plat-ue2-prod/vpc", "plat-ue2-prod/eks/cluster"]),
        ("plat-*/vpc", ["plat-ue2-dev/vpc", "plat-ue2-prod/vpc"]),
        ("eks/*", ["plat-ue2-dev/eks/cluster", "plat-ue2-prod/eks/cluster"]),
        ("org//*", ["org/core/vpc"]),
        ("*//same", ["mail/same"]),
        ("plat-ue[12]-de?", ["plat-ue2-dev/vpc", "plat-ue2-dev/eks/cluster"]),
        ("plat-ue2-prod/vp[c]", ["plat-ue2-prod/vpc"]),  # a pattern names nothing in full
        ("@held", ["plat-ue2-prod/vpc", "dns/dns"]),
        ("@all", [str(one) for one in ALL]),
    ],
)
def test_what_a_target_means(target, expected):
    assert meant(target) == expected


def test_several_mean_each_once_and_one_name_in_full_is_enough():
    assert meant("plat-ue2-prod/vpc", "*-prod", "@held") == [
        "plat-ue2-prod/vpc!",
        "plat-ue2-prod/eks/cluster",
        "dns/dns",
    ]


def test_a_stack_and_a_component_of_one_name_are_one_meaning_where_both_mean_the_same():
    assert meant("dns", instances=[Instance("dns", "dns")]) == ["dns/dns"]


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        (
            "org/core/vpc",
            "`org/core/vpc` means the stack org/core/vpc and vpc in the stack org/core and core/vpc in the stack org; "
            "write `org/core/vpc//*` or `org/core//vpc` or `org//core/vpc`.",
        ),
        ("dns", "`dns` means the stack dns and the component dns; write `dns//*` or `*//dns`."),
        ("plat-ue2-prd", "`plat-ue2-prd` names nothing here; there is, for example, plat-ue2-prod, plat-ue2-dev."),
        (
            "plat-ue2-prod/vcp",
            "`plat-ue2-prod/vcp` names nothing here; there is, for example, plat-ue2-prod/vpc, "
            "plat-ue2-dev/vpc, plat-ue2-prod/eks/cluster.",
        ),
        ("VPC", "`VPC` names nothing here; there is, for example, plat-ue2-dev, vpc, eks/cluster."),
        ("zzz*", "`zzz*` names nothing here; there is, for example, plat-ue2-dev, vpc, eks/cluster."),
        ("", "`` names nothing here; there is, for example, plat-ue2-dev, vpc, eks/cluster."),
        ("@hold", "`@hold` is not known; what begins with @ is @held or @all."),
    ],
)
def test_what_names_nothing_or_too_much_is_told(target, sentence):
    with pytest.raises(BadTarget) as told:
        meant("vpc", target)
    assert str(told.value) == sentence


def test_where_there_is_nothing_nothing_is_offered():
    with pytest.raises(BadTarget, match=r"^There is nothing here\.$"):
        meant("vpc", instances=[])


NESTED = [
    Instance(*name.split())
    for name in (
        "plat-ue2-dev network/vpc",
        "plat-ue2-prod network/vpc",
        "core-ue2-prod network/dns",
        "core-ue2-prod eks/cluster",
        "org/core/auto legacy/cluster",
        "org/core/auto db-main",
        "plat-use1-data data",
        "only-here lone",
    )
]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("vpc", ["plat-ue2-dev/network/vpc", "plat-ue2-prod/network/vpc"]),
        ("dns", ["core-ue2-prod/network/dns"]),
        ("main", ["org/core/auto/db-main"]),
        ("ue2-prod/network/vpc", ["plat-ue2-prod/network/vpc"]),
        ("prod/network/vpc", ["plat-ue2-prod/network/vpc"]),
        ("auto/legacy/cluster", ["org/core/auto/legacy/cluster"]),
        ("auto", ["org/core/auto/legacy/cluster", "org/core/auto/db-main"]),
        ("core/auto/db-main", ["org/core/auto/db-main"]),
        ("ue2-dev", ["plat-ue2-dev/network/vpc"]),
        ("data", ["plat-use1-data/data"]),  # what has the very name goes before what ends with it
        ("here", ["only-here/lone"]),
    ],
)
def test_the_end_of_a_name_is_enough_where_it_means_one_thing(target, expected):
    assert meant(target, instances=NESTED) == expected


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        (
            "cluster",
            "`cluster` means the component eks/cluster and the component legacy/cluster; "
            "write `*//eks/cluster` or `*//legacy/cluster`.",
        ),
        (
            "ue2-prod",
            "`ue2-prod` means the stack plat-ue2-prod and the stack core-ue2-prod; "
            "write `plat-ue2-prod//*` or `core-ue2-prod//*`.",
        ),
        ("pc", "`pc` names nothing here; there is, for example, plat-ue2-dev, network/vpc, plat-ue2-prod."),
        (
            "etwork/vpc",
            "`etwork/vpc` names nothing here; there is, for example, plat-ue2-dev/network/vpc, "
            "plat-ue2-prod/network/vpc, core-ue2-prod/network/dns.",
        ),
    ],
)
def test_the_end_of_several_names_or_of_a_word_means_nothing(target, sentence):
    with pytest.raises(BadTarget) as told:
        meant(target, instances=NESTED)
    assert str(told.value) == sentence


def test_the_end_of_two_full_names_is_told_with_both():
    stacks = [Instance(f"{tenant}-prod", "vpc") for tenant in ("a", "b", "c", "d", "e")]
    with pytest.raises(BadTarget) as told:
        meant("prod/vpc", instances=stacks)
    assert str(told.value) == (
        "`prod/vpc` means vpc in the stack a-prod and vpc in the stack b-prod and vpc in the stack c-prod "
        "and 2 more; write `a-prod//vpc` or `b-prod//vpc` or `c-prod//vpc`."
    )


def test_a_stack_and_a_component_that_end_so_are_two_meanings():
    with pytest.raises(BadTarget, match="the stack org/core and the component net/core; write"):
        meant("core", instances=[Instance("org/core", "vpc"), Instance("dev", "net/core")])


@given(st.text(max_size=20))
def test_whatever_is_written_means_something_or_is_told_in_one_line(target):
    try:
        told = str(list(select([target], NESTED, {"@held": HELD})))
    except BadTarget as problem:
        told = str(problem)
    assert told.isprintable()


PART = st.text("ab/", min_size=1, max_size=4).filter(lambda text: all(text.split("/")))


@given(st.lists(st.builds(Instance, PART, PART), min_size=1, max_size=8, unique=True), st.data())
def test_each_instance_can_be_named_alone_and_nothing_else_with_it(instances, data):
    one = data.draw(st.sampled_from(instances))
    assert select([f"{one.stack}//{one.component}"], instances, {}) == {one: True}


@given(st.lists(st.builds(Instance, PART, PART), min_size=1, max_size=8, unique=True), st.data())
def test_a_plain_name_means_one_thing_or_nothing_happens(instances, data):
    one = data.draw(st.sampled_from(instances))
    name = data.draw(st.sampled_from([one.stack, one.component, str(one)]))
    meanings = [
        [each for each in instances if each.stack == name],
        [each for each in instances if each.component == name],
        *([each] for each in instances if str(each) == name),
    ]
    different = {tuple(meaning) for meaning in meanings if meaning}
    if len(different) > 1:
        with pytest.raises(BadTarget):
            select([name], instances, {})
    else:
        assert {tuple(select([name], instances, {}))} == different
