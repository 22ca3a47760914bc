"""Which rollout each target of a command is about, where several count."""

from collections.abc import Container

import pytest

from bot.domain.commands.parts import Reach, divide
from bot.domain.graph import Instance
from bot.domain.model import Status
from bot.domain.states import states
from bot.domain.targets import BadTarget
from tests.domain.test_order import apply_of
from tests.domain.test_passing_over import sent
from tests.domain.world import at

S = Status


def reach(words: str, able: Container[Instance] = (), **statuses: Status) -> Reach:
    walk = sent(apply_of(words), **statuses)
    return Reach(walk.steps, states(walk), able)


@pytest.mark.parametrize(
    ("wanted", "newer", "older"),
    [
        ("a", "a", ""),  # the newest that names it
        ("b", "b", ""),
        ("c", "", "c"),
        ("a c", "a", "c"),
        ("c a c", "a", "c"),
        ("dev/c a", "a", "dev/c"),
        ("x", "", "x"),  # named by both: the newest in which something can be done
        ("y", "y", ""),  # in neither
        ("dev", "", "dev"),
        ("@failed", "", "@failed"),
        ("@held", "@held", ""),  # nobody is: the newest tells so
        ("@all", "", "@all"),
        ("[ab]", "[ab]", ""),
        ("[cy]", "[cy]", ""),
    ],
)
def test_each_target_is_about_one_rollout(wanted: str, newer: str, older: str) -> None:
    reaches = [reach("a b x y"), reach("c x y", {at("x")}, c=S.FAILED)]
    assert divide(wanted.split(), reaches) == [tuple(newer.split()), tuple(older.split())]


def test_what_fits_well_in_one_is_no_loose_fit_in_another() -> None:
    assert divide(["vpc"], [reach("old-vpc"), reach("vpc")]) == [(), ("vpc",)]
    assert divide(["vpc"], [reach("old-vpc"), reach("dns")]) == [("vpc",), ()]


@pytest.mark.parametrize(
    ("target", "told"),
    [("gone", "`gone` names nothing here"), ("vpc", "`vpc` means"), ("@nobody", "`@nobody` is not known")],
)
def test_a_target_without_one_meaning_is_refused_for_all(target: str, told: str) -> None:
    with pytest.raises(BadTarget, match=told):
        divide(["dns", target], [reach("old-vpc dns"), reach("new-vpc")])
