"""Random rollouts for what draws them: any order, any state, any names."""

from __future__ import annotations

from hypothesis import strategies as st

from bot.domain.model import Status
from bot.domain.rollout import Walk
from tests.renderers.world import NOON, Key, walk

SENT = [s for s in Status if s not in (Status.WAITING, Status.READY, Status.BLOCKED, Status.SKIPPED, Status.MANUAL)]
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=45)


@st.composite
def walks(draw: st.DrawFn, *, most: int = 12) -> Walk:
    """Draw any rollout whose order has no cycle."""
    keys = draw(
        st.lists(
            st.tuples(st.one_of(st.sampled_from(["dev", "prod"]), NAMES), NAMES), min_size=1, max_size=most, unique=True
        )
    )
    needs: dict[Key, tuple[Key, ...]] = {}
    facts: dict[Key, dict[str, object]] = {}
    for key in keys:
        needs[key] = tuple(draw(st.lists(st.sampled_from(list(needs)), max_size=3, unique=True))) if needs else ()
        if status := draw(st.sampled_from([None, *SENT])):
            facts[key] = {"status": status, "finished_at": NOON + draw(st.integers(0, 10**6))}
        facts.setdefault(key, {})["destroys"] = draw(st.booleans())
    return walk(needs, facts=facts)


def chain(*stacks: str, length: int) -> dict[Key, tuple[Key, ...]]:
    """Have each instance wait for the one before it, through all stacks."""
    keys = [(stack, f"component-{i}") for stack in stacks for i in range(length)]
    return {key: (keys[number - 1],) if number else () for number, key in enumerate(keys)}


def fan(first: str, last: str) -> dict[Key, tuple[Key, ...]]:
    """Make what is wide either way: a chain in one stack, and many that wait for its end in another."""
    needs = chain(first, length=9)
    end = list(needs)[-1]
    return needs | {(last, f"leaf-{i}"): (end,) for i in range(20)}
