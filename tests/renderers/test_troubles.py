"""Each trouble is told in the code's own sentences, leads to its section, and is quoted there as it is told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import gidgethub
import pytest
from gidgethub import sansio
from markdown_it import MarkdownIt
from syrupy.assertion import SnapshotAssertion

from bot.domain import awaiting, doubts, environments, holds, pro
from bot.domain.claims import Claims
from bot.domain.events import Facts, NotSent, Rules, RunReported
from bot.domain.facts import Rejection
from bot.domain.graph import Graph, Instance, Node
from bot.domain.keeping import Keeper, Keeping, not_in_mode
from bot.domain.layout import lay_out
from bot.domain.locks import Lock
from bot.domain.model import Dispatch, Hold, HoldKind, Status
from bot.domain.pro import MERGED as MERGE_ACTIVITY
from bot.domain.pro import Call, Phase, ProProblem, WorkflowFile
from bot.domain.rollout import Walk
from bot.domain.states import states
from bot.domain.troubles import Trouble, anchor
from bot.domain.view import PullView
from bot.github.failures import classify, of_dispatch
from bot.web.answers import Refusal
from bot.web.auth import Caller
from renderers.check import summary
from renderers.comment import comment
from renderers.scene import Scene
from renderers.why import why
from tests.domain.test_runs import One
from tests.domain.world import run_facts
from tests.renderers.test_check import VIEWS
from tests.renderers.world import HEAD, MERGE, MERGED, NOON, PULL, REPO, SERVER, view, walk

PAGE = Path(__file__).parents[2] / "docs/troubleshooting.md"
DOCS = "https://docs.example/switchyard"
PLAN, APPLY = "atmos-terraform-plan.yaml", "atmos-terraform-apply.yaml"
VPC = ("plat-dev", "vpc")
FILE = WorkflowFile(
    PLAN, frozenset({"stack"}), frozenset({"stack"}), run_name_has_id=True, dispatchable=True, on_default_branch=True
)
CALL = Call(PLAN, (("stack", "dev"),))
WAITED = awaiting.Waited(awaiting.PATIENCE, "12:00 UTC", f"{SERVER}/{REPO.full_name}/")
FROZEN = "frozen by dora: the auditors are in the house"


def shown(*walks: Walk, **more: Any) -> PullView:
    return view(*walks, docs_url=DOCS, **more)


def problem(sentence: str) -> PullView:
    """Show what can never be sent."""
    return shown(walk({VPC: ()}, facts={VPC: {"problem": sentence}}))


def ended(status: Status, sentence: str, **facts: Any) -> PullView:
    """Show what became of a dispatch."""
    return shown(walk({VPC: ()}, facts={VPC: {"status": status, "reason": sentence, **facts}}))


def held(*found: Hold) -> PullView:
    return shown(walk({VPC: ()}, activity=MERGE_ACTIVITY, sha=MERGE, facts={VPC: {"holds": found}}), pull=MERGED)


def kept(phase: Phase, keeper: Keeper, **more: Any) -> PullView:
    applies = phase is Phase.APPLY
    one = walk({VPC: ()}, **({"activity": MERGE_ACTIVITY, "sha": MERGE} if applies else {}))
    ready = Keeping(None, {0: keeper}) if keeper.lock else Keeping(keeper)
    return shown(one, pull=MERGED if applies else PULL, kept={1: ready}, **more)


def refused(make: Callable[[], object]) -> str:
    """Read why something is refused."""
    with pytest.raises((ProProblem, Refusal)) as caught:
        make()
    return str(caught.value)


def final(file: WorkflowFile | None, call: Call = CALL, *, applies: bool = False) -> PullView:
    """Show why a call is refused."""
    inputs = {"sha": HEAD, "dispatch_id": "", "phase_is_apply": applies}
    return problem(refused(lambda: pro.final_inputs(call, file, **inputs)))


def given(value: object) -> PullView:
    """Show why an input cannot be sent."""
    settings = {"pull_request": {"synchronize": {"workflows": {PLAN: {"inputs": {"colour": value}}}}}}
    instance = Instance(*VPC)
    activity = "pull_request.synchronize"
    return problem(refused(lambda: pro.calls(settings, activity, instance=instance, sha=HEAD)))


def answered(status: int, message: str) -> PullView:
    """Show what becomes of a dispatch that GitHub answers like this."""
    content = json.dumps({"message": message}).encode()
    with pytest.raises(gidgethub.HTTPException) as caught:
        sansio.decipher_response(status, {"content-type": "application/json"}, content)
    sentence = of_dispatch(classify(caught.value, NOON), caught.value, PLAN)
    return ended(Status.FAILED, sentence, run_id=0, run_url="", started_at=0.0, conclusion="")


def doubted(sentence: str) -> PullView:
    """Show a dispatch of which nobody can tell whether it was sent."""
    sent: Dispatch = One(workflow=PLAN).hear(NotSent("sy-0", sentence, held=True)).sent
    return ended(sent.status, sent.reason, run_id=sent.run_id, run_url="", started_at=0.0)


def heard(*, comment: str = "", groups: tuple[str, ...] = ()) -> PullView:
    """Show what a run's end means."""
    run = run_facts(900, status="completed", conclusion="failure" if comment else "cancelled", updated_at=100.0)
    rejection = Rejection("alice", comment, ("prod",)) if comment else None
    one = One(workflow=PLAN).hear(RunReported("sy-0", replace(run, groups=groups), rejection=rejection))
    sent: Dispatch = one.sent
    return ended(sent.status, sent.reason, conclusion=sent.conclusion)


def awaited(*runs: Any) -> PullView:
    return shown(waiting=awaiting.awaited(PULL, (), runs, WAITED, known=True, applies=True))


def cycle(*components: str) -> PullView:
    ring = [Instance("dev", component) for component in components or ("dns", "mesh")]
    settings = {"pull_request": {"synchronize": {"workflows": {PLAN: {}}}}}
    graph = Graph.of([Node(one, pro=settings) for one in ring], zip(ring, [*ring[1:], ring[0]], strict=True))
    laid = lay_out(graph, activity="pull_request.synchronize", sha=HEAD, files=None)
    return problem(laid.steps[0].problem)


def elsewhere(claims: Claims | None, docs_url: str = "") -> str:
    """Read what a caller is told who speaks of another repository."""
    caller = Caller("c", "h", "n", REPO, claims, docs_url=docs_url)
    return refused(lambda: caller.check_speaks_for("other", "infra", "The upload"))


def moved() -> PullView:
    """Show a plan that ran on another commit than the one it was meant for."""
    run = run_facts(900, status="completed", conclusion="success", updated_at=100.0, head_sha="f" * 40)
    one = One(workflow=PLAN, checks_head=True).hear(RunReported("sy-0", run))
    return ended(one.sent.status, one.sent.reason)


def unplanned() -> PullView:
    one = walk({VPC: ()}, activity=MERGE_ACTIVITY, sha=MERGE, facts={VPC: {"paired": True}})
    sent = [replace(step, calls=(CALL,)) for step in one.steps]
    (step,) = holds.of_steps(sent, one.rollout, MERGED, Facts(Rules()), NOON)
    return held(*step.holds)


def unprotected(text: str, name: str | None) -> PullView:
    return held(Hold(HoldKind.ENVIRONMENT, environments.why_open(text, APPLY, name, there=False)))


CLAIMS = Claims(1, 1, "push", "refs/heads/main", "", "", HEAD, "octocat", "", "Affected stacks", "atmos-pro.yaml")
#: What is told of each trouble, by the code that tells it.
TOLD: dict[Trouble, list[Callable[[], PullView | str]]] = {
    Trouble.MODE: [
        lambda: kept(Phase.PLAN, Keeper(not_in_mode("observe", Phase.PLAN) or ""), mode="observe"),
        lambda: kept(Phase.APPLY, Keeper(not_in_mode("plan", Phase.APPLY) or ""), mode="plan"),
    ],
    Trouble.FROZEN: [lambda: kept(Phase.APPLY, Keeper(FROZEN), frozen=FROZEN)],
    Trouble.NO_UPLOAD: [
        awaited,
        lambda: awaited(run_facts(workflow="atmos-pro.yaml", status="completed", conclusion="failure")),
        lambda: awaited(run_facts(workflow="atmos-pro.yaml", status="completed", conclusion="unknown")),
    ],
    Trouble.OTHER_REPOSITORY: [lambda: elsewhere(CLAIMS), lambda: elsewhere(None), lambda: elsewhere(None, DOCS)],
    Trouble.NOT_AFFECTED: [lambda: shown(walk({}))],
    Trouble.ACTIONS_OFF: [
        lambda: answered(403, "Actions has been disabled for this repository."),
        lambda: answered(422, "Cannot trigger a 'workflow_dispatch' on a disabled workflow"),
    ],
    Trouble.NO_FILE: [
        lambda: final(None),
        lambda: final(replace(FILE, on_default_branch=False)),
        lambda: final(replace(FILE, dispatchable=False)),
        lambda: answered(404, "Not Found"),
    ],
    Trouble.INPUTS: [
        lambda: final(FILE, Call(PLAN, (*CALL.inputs, ("colour", "red")))),
        lambda: final(FILE, Call(PLAN, ())),
        lambda: answered(422, 'Unexpected inputs provided: ["sha"]'),
    ],
    Trouble.NO_SHA: [lambda: final(FILE, replace(CALL, workflow=APPLY), applies=True), moved],
    Trouble.TEMPLATE: [
        lambda: given("{{ .vars.colour }}"),
        lambda: given("!terraform.output vpc id"),
        lambda: given("(computed)"),
    ],
    Trouble.CYCLE: [cycle],
    Trouble.PERMISSION: [lambda: answered(403, "Resource not accessible by integration")],
    Trouble.GROUP: [lambda: heard(groups=("terraform",))],
    Trouble.REJECTED: [lambda: heard(comment="not before Monday")],
    Trouble.DOUBT: [
        lambda: doubted(""),
        lambda: doubted(doubts.one_of([f"{SERVER}/acme/infra/actions/runs/{number}" for number in (901, 902)])),
        lambda: doubted(doubts.NOT_LISTED),
        lambda: doubted(doubts.not_looked_for("GitHub refused this with status 403: Resource not accessible.")),
    ],
    Trouble.UNREVIEWED: [unplanned],
    Trouble.ENVIRONMENT: [
        lambda: unprotected("prod", "prod"),
        lambda: unprotected("${{ vars.STAGE }}", None),
        lambda: unprotected("${{ inputs.github_environment }}", ""),
    ],
    Trouble.LOCKED: [
        lambda: kept(
            Phase.PLAN, Keeper("", lock=Lock("plat-dev/vpc", "L1", "octocat in run 123", "Moving it", NOON + 7_200))
        )
    ],
}


def written(told: PullView | str) -> str:
    return told if isinstance(told, str) else comment(told, picture_url=None, mermaid=None)


def plain(markdown: str) -> str:
    """Read Markdown as a person does."""
    texts = [
        piece.content
        for token in MarkdownIt("commonmark", {"html": True}).enable("table").parse(markdown)
        for piece in token.children or ()
        if piece.type in ("text", "code_inline")
    ]
    return " ".join(" ".join(texts).replace("\u200b", "").replace("\u00a0", " ").split())


@cache
def sections() -> dict[str, str]:
    """Take the page apart: its sections by their headings."""
    _, *parts = re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE)
    return dict(part.split("\n", 1) for part in parts)


def quotes(section: str) -> list[str]:
    """List what a section quotes."""
    return [
        plain(re.sub(r"^> ?", "", block, flags=re.MULTILINE))
        for block in section.split("\n\n")
        if block.lstrip().startswith(">")
    ]


def quoted_in(quote: str, text: str) -> bool:
    """Tell whether a text has a quote in it, whose “…” stand for anything."""
    parts = [re.escape(part.strip()) for part in re.split(r" ?…(?!”) ?", quote) if part.strip()]
    # Spaces between words and names are where Markdown has its marks.
    return re.search(" ?.*? ?".join(parts).replace(r"\ ", " ?"), text) is not None


def each() -> list[Any]:
    return [
        pytest.param(trouble, make, id=f"{trouble.name.lower()}-{number}")
        for trouble, makers in TOLD.items()
        for number, make in enumerate(makers, 1)
    ]


def test_each_trouble_has_its_section_and_each_section_its_trouble() -> None:
    assert list(sections()) == list(Trouble)
    assert list(TOLD) == list(Trouble)


@pytest.mark.parametrize("trouble", Trouble)
def test_a_section_says_why_and_what_to_do_and_how_to_prevent_it(trouble: Trouble) -> None:
    starts = re.findall(r"^\*\*(.+?)\.\*\*", sections()[trouble], re.MULTILINE)
    assert starts == ["Why", "What to do", "How to prevent it"]


@pytest.mark.parametrize("trouble", Trouble)
def test_what_a_section_quotes_is_what_is_told(trouble: Trouble) -> None:
    told = [plain(written(make())) for make in TOLD[trouble]]
    found = quotes(sections()[trouble])
    assert len(found) == len(told)
    for quote, text in zip(found, told, strict=True):
        assert quoted_in(quote, text), f"{quote}\n\n{text}"


@pytest.mark.parametrize(("trouble", "make"), each())
def test_it_leads_to_its_section_once_and_to_no_other(trouble: Trouble, make: Callable[[], PullView | str]) -> None:
    told = make()
    if isinstance(told, str):
        assert re.findall(r"[\w:/.]*/troubleshooting\.md\S*", told) in (
            [f"docs/troubleshooting.md#{anchor(trouble)}"],
            [f"{DOCS}/troubleshooting.md#{anchor(trouble)}"],
        )
        return
    assert re.findall(rf"\]\(({DOCS}[^)]*)\)", written(told)) == [f"{DOCS}/troubleshooting.md#{anchor(trouble)}"]


def test_the_anchors_are_those_of_github() -> None:
    assert anchor(Trouble.NO_SHA) == "the-input-sha-is-not-declared"
    assert len({anchor(trouble) for trouble in Trouble}) == len(Trouble)


@pytest.mark.parametrize(("trouble", "make"), each())
def test_reads_well(trouble: Trouble, make: Callable[[], PullView | str], markdown: SnapshotAssertion) -> None:
    told = make()
    assert (f"{told}\n" if isinstance(told, str) else essence(told)) == markdown


def essence(told: PullView) -> str:
    """Take from a comment what is said above its graph and table, and why its step is what it is."""
    lines = written(told).split("\n\n<details>")[0].split("\n\n```")[0].splitlines()
    above = [
        line for line in lines if line.strip() and not line.startswith(("<", "|", "#")) and " · started " not in line
    ]
    rows = [
        why(Scene(told, one, found), step, found[step.index])
        for one in told.current
        for found in [states(one)]
        for step in one.steps
    ]
    return "\n\n".join([*above, *("- " + "; ".join(row) for row in rows)]) + "\n"


@pytest.mark.parametrize("size", [12, 30])
def test_a_cycle_is_told_by_its_whole_path_and_what_to_do(size: int) -> None:
    ring = [f"component-of-the-platform-{number:02}" for number in range(size)]
    told = plain(written(cycle(*ring)))
    assert " → ".join(f" dev/{name} " for name in [*ring, ring[0]]).strip().replace("  ", " ") in told
    assert "so it has no order. Take one of these dependencies out." in told


def test_of_a_cycle_without_end_both_ends_are_told_and_where_the_rest_is() -> None:
    told = plain(written(cycle(*(f"c{number:02}" for number in range(40)))))
    assert "dev/c14 → 11 more, all of which switchyard simulate shows → dev/c26 → " in told
    assert "→ dev/c39 → dev/c00 , so it has no order. Take one of these dependencies out." in told


def test_inputs_that_github_refuses_are_told_with_what_to_do() -> None:
    names = [f"deployment_option_{number:02}" for number in range(11)]
    told = plain(written(answered(422, f"Unexpected inputs provided: {json.dumps(names)}")))
    assert all(name in told for name in names)
    assert "or correct settings.pro , then retry." in told


def test_a_check_run_leads_there_as_well() -> None:
    text = summary(replace(VIEWS["run_in_doubt"](), docs_url=DOCS))
    assert text.count(DOCS) == 1
    assert f"[{Trouble.DOUBT}]({DOCS}/troubleshooting.md#{anchor(Trouble.DOUBT)})" in text


def test_where_nothing_is_wrong_nothing_is_said() -> None:
    assert "Read on" not in written(shown(walk({VPC: ()}, succeeded=[VPC])))
