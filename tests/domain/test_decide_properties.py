"""Whatever happens, in whatever order: the rules are kept, and everything ends."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.events import Nudged, PullChanged, StatusReported
from bot.domain.graph import Graph
from bot.domain.model import OPEN, Status
from bot.domain.states import states
from tests.domain.world import World, ancestors, at, node, pro

KINDS = {
    "one": pro(labeled=("tag.yaml",)),
    "two": pro(("plan.yaml", "lint.yaml"), ("apply.yaml", "report.yaml"), labeled=("tag.yaml", "report.yaml")),
    "plans": pro(apply=()),
    "applies": pro(plan=()),
    "through": {},
    "deleted": None,
    "broken": pro(plan=("nowhere.yaml/",), apply=("apply.yaml",)),
}

CONCLUSIONS = ("success", "success", "success", "failure", "cancelled", "timed_out", "neutral", "startup_failure")
STATUSES = ("in_progress", "in_progress", "waiting", "queued", "pending", "hibernating")


@st.composite
def graphs(draw):
    """Draw a graph of a few instances of all kinds; sometimes with an edge that closes a cycle."""
    names = draw(st.permutations("abcdefg"[: draw(st.integers(1, 7))]))
    kinds = [draw(st.sampled_from([*KINDS, "one", "one", "two", "one"])) for _ in names]
    pairs = [(one, other) for place, one in enumerate(names) for other in names[place + 1 :]]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=9)) if pairs else []
    if pairs and draw(st.integers(0, 7)) == 0:
        chosen.append(tuple(reversed(draw(st.sampled_from(pairs)))))
    nodes = [node(name, KINDS[kind]) for name, kind in zip(names, kinds, strict=True)]
    return Graph.of(nodes, [(at(one), at(other)) for one, other in chosen])


numbers = st.integers(0, 11)
WEIGHTS = {
    "deliver": 4,
    "deliver_twice": 2,
    "deliver_all": 8,
    "send": 4,
    "send_all": 5,
    "run_moves": 4,
    "run_ends": 9,
    "run_again": 4,
    "tell": 3,
    "cancel": 1,
    "look": 1,
    "upload": 3,
    "push": 1,
    "back": 1,
    "merge": 2,
    "close": 1,
    "label": 2,
    "nudge": 1,
    "read": 1,
    "lock": 3,
    "unlock": 2,
    "lock_ends": 1,
    "tick": 3,
    "lag": 1,
}
steps = st.tuples(st.sampled_from([name for name, weight in WEIGHTS.items() for _ in range(weight)]), numbers, numbers)


class Story:
    """What people, GitHub and the post do, from drawn numbers."""

    def __init__(self, pulls, cap, drawn):
        self.world = World(pulls=pulls, cap=cap)
        self.drawn = drawn  # graphs; one head's upload may have the content of another's
        self.uploaded = {}
        for key in self.world.lanes:
            self.world.change(key, "opened")
            self._bring(key, 0)

    def play(self, name, one, two):
        getattr(self, name)(one, two)

    def _lane(self, number):
        return list(self.world.lanes)[number % len(self.world.lanes)]

    def _run(self, number, *, is_open):
        found = [run for run in self.world.runs.values() if run.open == is_open]
        return found[number % len(found)] if found else None

    def _bring(self, key, which):
        made = self.drawn[which % len(self.drawn)]
        self.uploaded[key] = made
        self.world.upload(key, made, content=str(which % len(self.drawn)))

    def deliver(self, one, two):
        self.world.deliver(one)

    def deliver_all(self, one, two):
        self.world.deliver_all()

    def send_all(self, one, two):
        for _ in range(6):
            self.world.send()
        self.world.deliver_all()

    def deliver_twice(self, one, two):
        self.world.deliver(one, keep=True)

    def send(self, one, two):
        how = {0: "silent", 1: "refused", 2: "doubted"}.get(two, "answered")
        self.world.send(one, how)

    def run_moves(self, one, two):
        if run := self._run(one, is_open=True):
            self.world.move(run, STATUSES[two % len(STATUSES)], lost=two > 9)

    def run_ends(self, one, two):
        if run := self._run(one, is_open=True):
            self.world.move(run, "completed", CONCLUSIONS[two % len(CONCLUSIONS)], lost=two > 9)

    def run_again(self, one, two):
        if run := self._run(one, is_open=False):
            self.world.move(run, "queued", attempt=run.facts.attempt + 1, lost=two > 5)

    def tell(self, one, two):
        runs = list(self.world.runs.values())
        if runs:
            run = runs[one % len(runs)]
            attempt = run.facts.attempt if two % 2 else 0
            told = StatusReported(run.dispatch_id, "plan", two % 3, self.world.now, attempt)
            self.world.mail.append((run.lane, told))

    def cancel(self, one, two):
        self.world.cancel()

    def look(self, one, two):
        self.world.look()

    def upload(self, one, two):
        key = self._lane(one)
        if two > 9:  # of a commit that is not the head any more
            self.world.upload(key, self.drawn[0], content="0", sha="c" * 40)
        else:
            self._bring(key, two)

    def push(self, one, two):
        key = self._lane(one)
        if self.world.lanes[key].facts.open:
            self.world.push(key)

    def back(self, one, two):
        key = self._lane(one)
        place = self.world.lanes[key]
        known = [walk.rollout.sha for walk in place.walks if not walk.rollout.activity.endswith("merged")]
        if place.facts.open and known:
            self.world.push(key, known[two % len(known)])

    def merge(self, one, two):
        key = self._lane(one)
        if self.world.lanes[key].facts.open:
            self.world.merge(key)

    def close(self, one, two):
        key = self._lane(one)
        facts = self.world.lanes[key].facts
        if facts.open:
            self.world.change(key, "closed", open=False)
        elif not facts.merged:
            self.world.change(key, "reopened", open=True)

    def label(self, one, two):
        self.world.label(self._lane(one))

    def nudge(self, one, two):
        self.world.mail.append((self._lane(one), Nudged()))

    def read(self, one, two):
        key = self._lane(one)
        facts = self.world.lanes[key].facts
        self.world.mail.append((key, PullChanged("", facts.head_sha, 0.0, facts)))

    def lock(self, one, two):
        self.world.lock(self._name(one), seconds=1 + two)

    def unlock(self, one, two):
        self.world.unlock(self._name(one))

    def _name(self, number):
        names = sorted({instance.component for made in self.drawn for instance in made.nodes})
        return names[number % len(names)]

    def lock_ends(self, one, two):
        ends = sorted(lock.until for lock in self.world.locked().values())
        self.world.now = max([self.world.now, *ends[: 1 + one % 3]])

    def tick(self, one, two):
        self.world.now += one

    def lag(self, one, two):
        self.world.lags = not self.world.lags

    def end(self):
        """Let GitHub finish everything; what webhooks missed is asked for."""
        self.world.lags = False
        self.world.deliver_all()
        for key in self.world.lanes:
            self.read(list(self.world.lanes).index(key), 0)
        self.world.deliver_all()
        for _ in range(3):
            self.world.finish_runs()
            self.world.now = max([self.world.now, *self.world.looks.values()])
            self.world.deliver_all()
            self.world.finish_runs()
            self.world.now += 1
            self.world.look()
            self.world.deliver_all()


def ends(world):
    """See that nothing waits for what will not come."""
    assert not world.wishes, "something is still to be sent"
    assert not any(run.open for run in world.runs.values())
    for walk in world.walks:
        world.check(walk)
        found = states(walk)
        for step, state in zip(walk.steps, found, strict=True):
            assert state.status not in OPEN
            for sent in step.dispatches:
                assert sent.result_attempt in (0, sent.attempt), "what another attempt told is said of this one"
            assert state.status is not Status.READY
            if state.status is Status.WAITING:
                assert Status.HELD in {found[index].status for index in ancestors(walk, step.index)}


@settings(max_examples=500, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    pulls=st.integers(1, 3),
    cap=st.integers(1, 5),
    drawn=st.lists(graphs(), min_size=1, max_size=3),
    script=st.lists(steps, min_size=10, max_size=60),
)
def test_the_rules_are_kept_and_everything_ends(pulls, cap, drawn, script):
    story = Story(pulls, cap, drawn)
    for step in script:
        story.play(*step)
    story.end()
    ends(story.world)


@pytest.mark.parametrize("seed", range(100))
def test_a_long_story_ends(seed):
    """The same, longer and larger than Hypothesis likes to draw."""
    dice = random.Random(seed)
    story = Story(dice.randint(2, 6), dice.randint(1, 5), [_graph(dice) for _ in range(3)])
    names = [name for name, weight in WEIGHTS.items() for _ in range(weight)]
    names.remove("merge")
    for _ in range(250):
        story.play(dice.choice(names), dice.randrange(12), dice.randrange(12))
    story.end()
    ends(story.world)


def _graph(dice):
    names = [f"c{number:02}" for number in range(dice.randint(4, 14))]
    dice.shuffle(names)
    kinds = [dice.choice([*KINDS, *["one"] * 6]) for _ in names]
    pairs = [(one, other) for place, one in enumerate(names) for other in names[place + 1 :]]
    chosen = dice.sample(pairs, k=min(len(pairs), dice.randint(2, 2 * len(names))))
    nodes = [node(name, KINDS[kind]) for name, kind in zip(names, kinds, strict=True)]
    return Graph.of(nodes, [(at(one), at(other)) for one, other in chosen])
