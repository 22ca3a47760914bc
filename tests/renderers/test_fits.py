"""Whatever is to be told: it fits, nothing breaks, and what failed is named or counted, in comments and check runs."""

from __future__ import annotations

import pickle
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.commands.words import Receipt
from bot.domain.facts import FailedJob, Gate
from bot.domain.keeping import Keeper, Keeping
from bot.domain.model import Hold, HoldKind, Release, Status
from bot.domain.rollout import Walk
from bot.domain.states import states
from bot.domain.view import CommitView, Past, PullCheckView, PullView
from renderers import pull_check
from renderers.check import summary, title
from renderers.comment import comment
from renderers.markdown import clean, clip
from renderers.mermaid import mermaid
from renderers.scene import LONGEST_NAME
from renderers.tree import tree
from renderers.verdict import FAILURES
from renderers.words import signed
from tests.renderers.reading import first_line, flaws, told_in_tables
from tests.renderers.scenes import SCENES, SMALL
from tests.renderers.test_check import GROUP
from tests.renderers.world import MERGE, MERGED, NOON, PULL, REPO, SERVER, Key, past, view, walk, wide

PICTURE = "https://switchyard.example.com/graphs/k7Qm2/4f1c.svg"
MAIL = 180  # characters that a list of mails shows
PAGE = "https://switchyard.example.com/acme/infra/pulls/42?k=7Qm2"
DOCS = "https://switchyard.example.com/docs"
RUN = "https://github.com/acme/infra/actions/runs/19000000123"
NASTY = st.text(alphabet="ab|`<>@#*_[]()\\~$&!:/.-+=1w\n\"'{}%é\u202e\x00", min_size=1, max_size=25)
#: What people, files and servers may say at length.
LONG = st.one_of(NASTY, st.builds(str.__mul__, NASTY, st.sampled_from([1, 30, 400])))
NAMES = LONG.filter(clean)  # of what shows nothing no reader can tell whether it is there
HOLDS = st.builds(Hold, st.sampled_from(HoldKind), LONG)
RELEASES = st.builds(Release, HOLDS, LONG, st.just(0.0))
GATES = st.one_of(st.none(), st.builds(Gate, st.tuples(LONG, NASTY), st.tuples(LONG), st.sampled_from([0.0, NOON])))
KEEPERS = st.builds(Keeper, LONG, st.sampled_from([0.0, NOON]))
JOBS = st.one_of(st.none(), st.builds(FailedJob, LONG, st.just(f"{RUN}/job/1"), st.sampled_from([1, 2]), LONG))
RECEIPTS = st.builds(
    Receipt,
    *(st.sampled_from(["comment:1", "comment:2"]), st.integers(0, 9), NASTY, LONG, st.just(NOON), st.just(NOON)),
    *(st.booleans(), LONG),
)
SENT = [status for status in Status if status not in (Status.WAITING, Status.READY, Status.BLOCKED)]
T = TypeVar("T")
GRAPHS = st.sampled_from(["picture", "pictures", "mermaid", "tree"])
RESULTS = ["", "changes", "no changes", "applied", "error"]


@dataclass(frozen=True)
class Drawn:
    """What was drawn: too long to be told whole."""

    view: PullView | CommitView = field(repr=False)


@st.composite
def kinds(draw: st.DrawFn) -> dict[str, Any]:
    """Draw the facts of a step: how its run stands, or why it has none."""
    facts: dict[str, Any] = {}
    if status := draw(st.sampled_from([None, Status.FAILED, *SENT])):
        facts = {
            "status": status,
            "reason": draw(st.one_of(st.just(""), LONG)),
            "run_url": draw(st.sampled_from(["", RUN])),
        }
        facts |= {"warning": draw(st.sampled_from(["", "", "Out of order: @you.", "a|b"])), "gate": draw(GATES)}
        facts |= {"result": draw(st.sampled_from(RESULTS)), "result_attempt": 1, "failed_job": draw(JOBS)}
    elif said := draw(st.sampled_from(["", "problem", "manual", "dropped"])):
        facts = {said: draw(LONG)}
    else:
        facts = {"holds": tuple(draw(st.lists(HOLDS, max_size=2, unique=True)))}
    return {**facts, "destroys": draw(st.booleans()), "released": tuple(draw(st.lists(RELEASES, max_size=2)))}


@st.composite
def walks(draw: st.DrawFn) -> Walk:
    """Draw a rollout: few instances with nasty names and any order, or many with plain ones."""
    needs: dict[Key, tuple[Key, ...]] = {}
    if draw(st.booleans()):
        for key in draw(st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=25, unique=True)):
            earlier = list(needs)
            needs[key] = tuple(draw(st.lists(st.sampled_from(earlier), max_size=3, unique=True))) if earlier else ()
    else:
        needs = wide(draw(st.sampled_from([21, 130, 250])))
    drawn = draw(st.lists(kinds(), min_size=1, max_size=12))
    facts = {key: dict(drawn[number % len(drawn)]) for number, key in enumerate(needs)}
    return walk(
        needs,
        facts=facts,
        activity=draw(st.sampled_from(["pull_request.merged", "pull_request.synchronize"])),
        notes=tuple(draw(st.lists(LONG, max_size=2))),
        superseded_by=draw(st.sampled_from(["", "", "A push."])),
    )


@st.composite
def common(draw: st.DrawFn) -> dict[str, Any]:
    """Draw what a pull request and a commit have in common."""
    return {
        "stale": {1: {0: draw(LONG)}} if draw(st.booleans()) else {},
        "kept": {1: Keeping(draw(st.one_of(st.none(), KEEPERS)), draw(st.dictionaries(st.integers(0, 24), KEEPERS)))},
        "frozen": draw(st.one_of(st.just(""), LONG)),
        "mode": draw(st.sampled_from(["apply", "observe"])),
        "receipts": tuple(draw(st.lists(RECEIPTS, max_size=3))),
    }


@st.composite
def groups(draw: st.DrawFn) -> CommitView:
    """Draw what the merge queue tries of a pull request: a small rollout, or none."""
    facts = {key: draw(kinds()) for key in SMALL}
    tried = (
        (walk(SMALL, facts=facts, activity="merge_group.checks_requested", sha=MERGE),) if draw(st.booleans()) else ()
    )
    conclusion = draw(st.sampled_from(["", "success", "neutral", "failure", "action_required", "cancelled"]))
    return CommitView(REPO, GROUP, tried, conclusion, NOON + 240, SERVER, problem=draw(st.one_of(st.just(""), LONG)))


@st.composite
def known(draw: st.DrawFn, rollout: Walk) -> dict[str, Any]:
    """Draw what is known of a rollout's steps beside their runs: what nobody has seen a plan of, and durations."""
    indexes = range(len(rollout.steps))
    unseen = draw(st.sampled_from([(), indexes[:1], indexes[::2], indexes]))
    lasting = draw(st.sampled_from([{}, {0: 60.0}, {index: 30.0 * index for index in indexes}]))
    return {"unreviewed": {1: unseen}, "lasting": {1: lasting}, "slots": draw(st.sampled_from([1, 20]))}


@st.composite
def views(draw: st.DrawFn) -> PullView:
    """Draw any pull request: nasty names and sentences, any facts, any order of the graph."""
    rollouts = [draw(walks())]
    if draw(st.booleans()):
        rollouts.append(walk(SMALL, succeeded=SMALL, id=2))
    more = draw(common()) | draw(known(rollouts[0]))
    earlier = [Past("label", MERGE, 0.0, {Status.FAILED: 3}, draw(LONG)) for _ in range(draw(st.integers(0, 4)))]
    return view(
        *rollouts,
        pull=draw(st.sampled_from([MERGED, PULL, replace(PULL, draft=True), replace(PULL, fork=True)])),
        applies=draw(st.booleans()),
        groups=tuple(draw(st.lists(groups(), max_size=2))),
        waiting=draw(st.one_of(st.just(""), st.just(""), LONG)),
        stuck=draw(st.one_of(st.just(""), LONG)),
        past=tuple(earlier),
        earlier=draw(st.sampled_from([0, len(earlier), 2_422])),
        docs_url=draw(st.sampled_from(["", DOCS])),
        notes=tuple(draw(st.lists(LONG, max_size=3))),
        page_url=draw(st.sampled_from(["", PAGE])),
        **more,
    )


@st.composite
def commits(draw: st.DrawFn) -> CommitView:
    """Draw any commit without a pull request."""
    rollouts = draw(st.lists(walks(), max_size=2))
    more = draw(common())
    commit = replace(GROUP, lane=draw(st.sampled_from(["7@a", "7^v1", "7~3"])), by=draw(LONG), branch=draw(LONG))
    problem = draw(st.one_of(st.just(""), LONG))
    conclusion = draw(st.sampled_from(["", "neutral", "failure"]))
    return CommitView(REPO, commit, tuple(rollouts), conclusion, NOON + 240, SERVER, problem=problem, **more)


def write(shown: PullView, budget: int = 60_000, graph: str = "picture") -> str:
    """Write a comment with its graph: a picture or two, or Mermaid with a tree in reserve, or the tree alone."""
    first = shown.current[0] if shown.current and not shown.waiting else None
    found = states(first) if first else ()
    drawn = mermaid(first, found) if first and graph == "mermaid" else None
    plain = tree(first, found) if first and "picture" not in graph else None
    picture = PICTURE if "picture" in graph else None
    dark = PICTURE.replace(".svg", "-dark.svg") if graph == "pictures" else None
    return comment(shown, picture_url=picture, picture_dark=dark, mermaid=drawn, tree=plain, budget=budget)


def failures(seen: Walk) -> list[tuple[str, str, str]]:
    """List what failed, as tables tell it: status, stack and component."""
    found = []
    for step, state in zip(seen.steps, states(seen), strict=True):
        if state.status in FAILURES:
            stack, component = (clip(name, LONGEST_NAME) for name in (step.instance.stack, step.instance.component))
            found.append((signed(state.status), stack, component))
    return found


def counted(text: str, what: str) -> int:
    """Read how many of something a text says it leaves out."""
    found = re.search(rf"([\d,]+) more {what}", text.splitlines()[-1])
    return int(found[1].replace(",", "")) if found else 0


def are_told(failed: list[tuple[str, str, str]], text: str, *, all_of_them: bool = True) -> None:
    """Check that what failed is named, or counted; `all_of_them` by name unless the names are very long."""
    missing = Counter(failed) - Counter(told_in_tables(text))
    words = {status.value.replace("_", " ") for status in FAILURES}
    assert missing.total() == sum(counted(text, word) for word in words)
    if all_of_them and sum(len(stack) + len(component) for _, stack, component in failed) < 3_000:
        assert not missing


def copied(shown: T) -> T:
    """Make the same again, of which nothing is remembered; several times as fast as `deepcopy`."""
    again: T = pickle.loads(pickle.dumps(shown))
    return again


SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large)


@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
@given(views().map(Drawn), st.one_of(st.just(60_000), st.integers(3_000, 60_000)), GRAPHS)
def test_a_comment_fits_and_nothing_breaks_and_every_failure_is_named_or_counted(
    case: Drawn, budget: int, graph: str
) -> None:
    shown = case.view
    assert isinstance(shown, PullView)
    text = write(shown, budget, graph)
    assert len(text) <= budget
    assert len(first_line(text)) <= MAIL
    assert flaws(text) == []
    assert text == write(copied(shown), budget, graph)
    if not shown.waiting:
        are_told(failures(shown.current[0]), text, all_of_them=budget == 60_000)


@settings(max_examples=30, deadline=None, suppress_health_check=SLOW)
@given(commits().map(Drawn))
def test_a_check_run_fits_and_nothing_breaks_and_every_failure_is_named_or_counted(case: Drawn) -> None:
    shown = case.view
    assert isinstance(shown, CommitView)
    text = summary(shown)
    assert len(text) <= 65_535
    assert flaws(text) == []
    assert text == summary(copied(shown))
    are_told([failure for one in shown.current for failure in failures(one)], text)
    assert "\n" not in title(shown)
    assert len(title(shown)) <= 255


@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
@given(views().map(Drawn), st.booleans(), LONG)
def test_the_check_run_of_a_pull_request_does_so_as_well(case: Drawn, ended: bool, why: str) -> None:
    assert isinstance(case.view, PullView)
    shown = PullCheckView(case.view, MERGE, "failure", why if ended else "", f"{SERVER}/acme/infra/pull/42", why)
    text = pull_check.summary(shown)
    assert len(text) <= 65_535
    assert flaws(text) == []
    assert text == pull_check.summary(copied(shown))
    told_of = () if ended and not shown.whole.pull.merged else shown.whole.current
    are_told([failure for one in told_of for failure in failures(one)], text)
    assert "\n" not in pull_check.title(shown)
    assert len(pull_check.title(shown)) <= 255


@pytest.mark.parametrize("size", [400, 2_422, 5_000])
def test_all_that_failed_is_named_while_names_fit(size: int) -> None:
    needs: dict[Key, tuple[Key, ...]] = dict.fromkeys(wide(size), ())
    text = write(view(walk(needs, facts={key: {"status": Status.FAILED} for key in needs}), pull=MERGED))
    named = [one for one in told_in_tables(text) if one[0] == signed(Status.FAILED)]
    assert flaws(text) == []
    assert len(text) <= 60_000
    assert len(set(named)) == len(named)
    assert len(named) + counted(text, "failed") == size
    assert len(named) >= min(size, 2_422)


@pytest.mark.parametrize("budget", [3_000, 6_000, 12_000, 30_000])
def test_what_succeeded_makes_room_for_what_failed(budget: int) -> None:
    shown = SCENES["many_2422"]()
    text = write(shown, budget)
    assert len(text) <= budget
    assert flaws(text) == []
    assert len(set(failures(shown.current[0])) - set(told_in_tables(text))) == counted(text, "failed")
    assert budget == 3_000 or counted(text, "failed") == 0
    assert counted(text, "succeeded") > 0


@pytest.mark.parametrize("page", ["", PAGE])
def test_it_says_what_is_left_out_and_where_it_is(page: str) -> None:
    text = write(replace(SCENES["many_2422"](), page_url=page), 12_000)
    last = text.splitlines()[-1]
    assert last.startswith("<sub>Left out, so that this comment fits: ")
    assert (f"]({PAGE})" if page else "/atmos why") in last
    assert "more succeeded" in last


def test_what_ends_with_its_table_is_read_whole() -> None:
    seen = walk({("1", "1"): ()}, facts={("1", "1"): {"problem": "1"}})
    assert told_in_tables(write(view(seen))) == failures(seen)


def test_nothing_is_left_out_of_what_fits() -> None:
    assert "Left out" not in write(SCENES["sixty"]())


def test_commands_notes_and_history_of_any_length_leave_room_for_what_failed() -> None:
    long = "`a|b` <b> @acme/admins #1 https://evil.example " * 200
    said = tuple(Receipt(f"comment:{n}", n, long, long, NOON, NOON, done=False, sentence=long) for n in range(50))
    seen = walk(SMALL, facts={key: {"status": Status.FAILED, "reason": long} for key in SMALL}, notes=(long,) * 300)
    text = write(view(seen, receipts=said, notes=(long,) * 300, past=past(300), page_url=PAGE))
    assert len(text) <= 60_000
    assert flaws(text) == []
    assert set(failures(seen)) <= set(told_in_tables(text))


def test_history_that_does_not_fit_is_counted() -> None:
    text = write(view(walk(SMALL, succeeded=SMALL), past=past(200)), 8_000)
    told = re.search(r"([\d,]+) earlier rollouts\.", text)
    assert told
    assert int(told[1]) + text.count("\n- ") == 200


def test_the_verdict_on_the_plan_stays_where_its_table_has_no_room() -> None:
    needs = wide(2_422)
    done = walk(needs, activity="pull_request.merged", succeeded=needs)
    text = write(view(done, walk(needs, succeeded=needs, id=2), pull=MERGED), 30_000)
    assert "The plan before the merge: ✅ Planned: all 2,422 instances" in text
    assert counted(text, "of the plan before the merge") > 0


@pytest.mark.parametrize(
    "broken",
    [
        "### a <details> b",
        "### a <details><summary>b</summary></details>",
        "a <code>b",
        "<sub>a",
        "a</sub> b",
        "| a |\n| --- |\n| <code>b |",
        "<p>a",
        '<p><a href="https://github.com/acme/infra">a</p></a>',
        "<details>\n<summary>a</summary>\n\nb",
    ],
)
def test_a_broken_tag_is_found(broken: str) -> None:
    assert flaws(f"{broken}\n") != []
