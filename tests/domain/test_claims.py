"""Whatever happens in whatever order: only a run that works on a merge, or may, starts or extends its apply."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.lanes import lane_of_pull
from bot.domain.pro import Phase
from bot.domain.uploads import CLOCKS_DIFFER, is_of_merge
from tests.domain.test_heads import seen
from tests.domain.test_uploads import bring, merged, opened
from tests.domain.world import REPO, World, claims_of, graph, sha_of

LANE = lane_of_pull(REPO.id, 1)
MAIN = "refs/heads/main"
MERGED_AT = 110.0
STATES = {
    "open": {},
    "closed": {"open": False},
    "merged": {"open": False, "merged": True, "merge_sha": sha_of(3), "merged_at": MERGED_AT},
}
#: Who uploads, and whether that is of the merge when it comes before it, just before it, and after it.
WHO = {
    "a key": (None, (False, False, True)),
    "a key with what was planned": (None, (False, True, True)),
    "the run of a merge": (claims_of(MAIN), (True, True, True)),
    "a run of the pull request": (claims_of(), (False, False, False)),
    "a review of the pull request": (claims_of("refs/pull/1/head", "pull_request_review"), (False, False, False)),
    "a run of another pull request": (claims_of("refs/pull/2/merge"), (False, False, False)),
    "the run of a merge elsewhere": (claims_of("refs/heads/dev"), (False, False, False)),
    "pull_request_target": (claims_of(MAIN, "pull_request_target"), (False, False, True)),
    "pull_request_target elsewhere": (claims_of(MAIN, "pull_request_target", base_ref="dev"), (False, False, False)),
    "a push of the base branch": (claims_of(MAIN, "push"), (False, False, True)),
    "a push of the head branch": (claims_of("refs/heads/wider", "push"), (False, False, False)),
    "a run by hand on the head branch": (claims_of("refs/heads/wider", "workflow_dispatch"), (False, False, False)),
    "a tag with the name of the base": (claims_of("refs/tags/main", "release"), (False, False, False)),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("who", WHO)
def test_what_is_of_the_merge(who, state):
    claims, expected = WHO[who]
    pull = seen({}, STATES[state])
    times = (MERGED_AT - CLOCKS_DIFFER - 1, MERGED_AT - 1, MERGED_AT)
    repeats = "planned" in who
    told = tuple(is_of_merge(pull, at, claims, repeats_plan=repeats) for at in times)
    assert told == (expected if state == "merged" else (False, False, False))


@pytest.mark.parametrize("planned", [False, True])
@pytest.mark.parametrize("applied", [False, True])
@pytest.mark.parametrize("before", [5000, 60, 0, -5000])
def test_a_run_of_the_pull_request_neither_starts_nor_extends_an_apply(planned, applied, before):
    world = merged(plan=planned)
    if applied:
        bring(world, "a>b", claims=claims_of(MAIN))
    walks = len(world.walks)
    at = world.lanes[LANE].facts.merged_at - before
    for content in ("one", "two"):
        decision = bring(world, "a>b b>evil", content=content, received_at=at, claims=claims_of())
        assert decision.reason == (
            "#1 was merged, and its run on refs/pull/1/merge can only report for the plan before that"
        )
    assert len(world.walks) == walks
    assert all(step.instance.component != "evil" for walk in world.walks for step in walk.steps)


@pytest.mark.parametrize("before", [5000, 60, 0, -5000])
def test_the_run_of_a_merge_starts_the_apply_whatever_the_clocks_say(before):
    world = merged()
    bring(world, "a>b", received_at=world.lanes[LANE].facts.merged_at - before, claims=claims_of(MAIN))
    rollout = world.walk().rollout
    assert (rollout.activity, rollout.sha) == ("pull_request.merged", world.lanes[LANE].facts.merge_sha)


@pytest.mark.parametrize("changes", [{}, {"open": False}])
def test_the_run_of_a_merge_starts_no_plan(changes):
    world = opened(**changes)
    world.deliver_all()
    decision = bring(world, "a", claims=claims_of(MAIN))
    assert "its run works on a merge, but #1 is not known to be merged there" in decision.reason
    assert world.walks == []


def test_a_run_of_a_closed_pull_request_starts_nothing():
    world = opened(open=False)
    world.deliver_all()
    assert "the upload is older than the end of #1" in bring(world, "a", claims=claims_of()).reason
    assert world.walks == []


PLANNERS = (
    claims_of(),
    claims_of(MAIN, "pull_request_target"),
    claims_of(MAIN, "push"),
    claims_of("refs/heads/wider", "workflow_dispatch"),
)


@pytest.mark.parametrize("claims", PLANNERS)
def test_a_run_for_it_starts_the_plan_of_an_open_head(claims):
    world = opened()
    bring(world, "a", claims=claims)
    assert world.walk().rollout.phase is Phase.PLAN
    world.push(LANE)
    world.deliver_all()
    late = sha_of(1000)
    assert "but the head is" in bring(world, "a", sha=late, claims=claims).reason


STRANGERS = (
    claims_of("refs/heads/theirs", "push"),
    claims_of("refs/heads/theirs", "workflow_dispatch"),
    claims_of("refs/tags/wider", "push"),
    claims_of("refs/pull/2/merge"),
)


@pytest.mark.parametrize("claims", STRANGERS)
@pytest.mark.parametrize("planned", [False, True])
def test_a_run_on_another_branch_neither_starts_nor_replaces_a_plan(planned, claims):
    world = opened()
    if planned:
        bring(world, "a", claims=claims_of())
    told = bring(world, "a>evil", content="two", claims=claims)
    assert "its run is neither of #1 nor on wider or main" in told.reason
    assert len(world.walks) == planned
    assert not any(walk.rollout.superseded_by for walk in world.walks)


def test_a_run_of_the_pull_request_says_the_same_again_after_it_was_run_again():
    world = opened()
    bring(world, "a", claims=claims_of())
    again = bring(world, "a", claims=replace(claims_of(), attempt=2))
    assert again.reason == "the same upload is being worked already"


#: Each sender's upload names an instance of its own, so that it can be told later whose word was taken.
SENDERS = {
    "plan": claims_of(),
    "branch": claims_of("refs/heads/wider", "push"),
    "other": claims_of("refs/heads/dev"),
    "merged": claims_of(MAIN),
    "target": claims_of(MAIN, "pull_request_target"),
    "key": None,
}
NEVER_APPLY = {"plan", "branch", "other"}
DOINGS = ("push", "back", "close", "merge", "merge", "label", *["deliver"] * 4, "twice", "lag", "tick", "run")
steps = st.tuples(st.sampled_from([*SENDERS, *SENDERS, *DOINGS]), st.integers(0, 11))


class Story:
    """What people, runs and the post do, from drawn words and numbers."""

    def __init__(self):
        self.world = World()
        self.world.change(LANE, "opened")
        self.heads = [self.facts.head_sha]

    @property
    def facts(self):
        return self.world.lanes[LANE].facts

    def play(self, name, number):
        if name in SENDERS:
            # The upload is of this head or an earlier one, and it was received before now or is.
            sha, at = self.heads[-1 - number % len(self.heads)], self.world.now - number % 3 * 50
            content = f"{name} {number % 2}"
            self.world.upload(LANE, graph(f"a>{name}"), content=content, sha=sha, received_at=at, claims=SENDERS[name])
        else:
            getattr(self, name)(number)

    def push(self, number):
        if self.facts.open:
            self.world.push(LANE)
            self.heads.append(self.facts.head_sha)

    def back(self, number):
        if self.facts.open:
            self.world.push(LANE, self.heads[number % len(self.heads)])
            self.heads.append(self.facts.head_sha)

    def close(self, number):
        if self.facts.open:
            self.world.change(LANE, "closed", open=False)
        elif not self.facts.merged:
            self.world.change(LANE, "reopened", open=True)

    def merge(self, number):
        if self.facts.open:
            self.world.merge(LANE)

    def label(self, number):
        self.world.label(LANE)

    def deliver(self, number):
        self.world.deliver(number)

    def twice(self, number):
        self.world.deliver(number, keep=True)

    def lag(self, number):
        self.world.lags = not self.world.lags

    def tick(self, number):
        self.world.now += 1 + number * 20

    def run(self, number):
        self.world.finish_runs("failure" if number > 9 else "success")


@settings(max_examples=600, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(steps, min_size=4, max_size=40))
def test_whose_word_is_taken_for_an_apply(script):
    story = Story()
    for step in script:
        story.play(*step)
    story.world.lags = False
    story.world.deliver_all()
    applies = [walk for walk in story.world.walks if walk.rollout.activity == "pull_request.merged"]
    assert len(applies) <= 1
    for walk in applies:
        assert walk.rollout.sha == story.facts.merge_sha
        assert not NEVER_APPLY & {step.instance.component for step in walk.steps}
    for walk in story.world.walks:
        if walk.rollout.phase is Phase.PLAN:
            assert not {"merged", "other"} & {step.instance.component for step in walk.steps}
