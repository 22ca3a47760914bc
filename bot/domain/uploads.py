"""What an upload means: a new rollout, more instances for one, or nothing new."""

from __future__ import annotations

from dataclasses import replace

from bot.domain import destroys, extending, heads, holds, joins, layout, notes, pro
from bot.domain.claims import Claims
from bot.domain.desk import Desk, Regather
from bot.domain.events import Removal, Upload, UploadCame
from bot.domain.extending import was_refused
from bot.domain.model import Pull, Rollout, Status, Step
from bot.domain.pro import MERGED, Phase
from bot.domain.rollout import Draft, Walk
from bot.domain.states import is_unfinished
from bot.domain.texts import commit, same_commit

#: How many seconds our clock may be behind GitHub's.
CLOCKS_DIFFER = 120.0
#: A dispatch in one of these may have a run that is not known yet.
_UNKNOWN = (Status.DISPATCHING, Status.HELD)


def came(desk: Desk, event: UploadCame) -> None:
    """Decide which rollout an upload starts, if any."""
    upload, before = event.upload, desk.pull
    pull = heads.refresh(desk, event.now, spot=event.spot)
    desk.show()
    if pull.fork:
        told = f"#{pull.number} comes from a fork, and forks are never dispatched"
        desk.say(told)
        desk.note("refuse", told)
    elif is_of_merge(
        pull, upload.received_at, upload.claims, head_sha=upload.head_sha, repeats_plan=_repeats_plan(desk, upload)
    ):
        _merged(desk, pull, upload, event.removal)
    elif joins.works_on_merge(upload.claims):
        desk.say(f"its run works on a merge, but #{pull.number} is not known to be merged there")
    elif not pull.open:
        desk.say(_too_late(pull, upload.claims))
    elif not joins.may_report_plan(upload.claims, pull, desk.lane.repo.default_branch):
        desk.say(f"its run is neither of #{pull.number} nor on {pull.head_ref} or {pull.base_ref}")
    elif _is_for_another_base(upload.claims, before, pull):
        desk.say(f"the upload was made before #{pull.number} was for {pull.base_ref}")
    elif not same_commit(upload.head_sha, pull.head_sha):
        desk.say(f"the upload is for {commit(upload.head_sha)}, but the head is {commit(pull.head_sha)} by now")
    else:
        _planned(desk, pull, upload)


def is_of_merge(
    pull: Pull, received_at: float, claims: Claims | None = None, *, head_sha: str = "", repeats_plan: bool = False
) -> bool:
    """Tell whether an upload of a pull request is the merged one.

    The merge commit tells, and the run's claims do. Else plan and merge send the same commit, and only the time tells:
    what came before GitHub merged is the plan's. Our clock may be slow: what the plan has said already is believed to
    be the merged one from a little before.
    """
    if not pull.merged or not joins.may_report_merge(claims, pull.base_ref):
        return False
    if same_commit(head_sha, pull.merge_sha) and not same_commit(head_sha, pull.head_sha):
        return True
    return joins.works_on_merge(claims) or received_at >= pull.merged_at - (CLOCKS_DIFFER if repeats_plan else 0.0)


def _is_for_another_base(claims: Claims | None, before: Pull | None, pull: Pull) -> bool:
    """Tell whether an upload compares a head with another base branch than the pull request has now."""
    if claims is not None and claims.base_ref:
        return claims.base_ref != pull.base_ref
    return before is not None and before.base_ref != pull.base_ref


def _too_late(pull: Pull, claims: Claims | None) -> str:
    if claims is None or not pull.merged or joins.may_report_merge(claims, pull.base_ref):
        return f"the upload is older than the end of #{pull.number}"
    return f"#{pull.number} was merged, and its run on {claims.ref} can only report for the plan before that"


def _repeats_plan(desk: Desk, upload: Upload) -> bool:
    """Tell whether a plan that was not overtaken before said the same."""
    plans = (walk.rollout for walk in desk.lane.walks if walk.rollout.phase is Phase.PLAN)
    return any(rollout.content == upload.content for rollout in plans)


def _planned(desk: Desk, pull: Pull, upload: Upload) -> None:
    ref, activity = _ref_of(desk, pull), _activity_of(pull, upload)
    plan(desk, upload, activity=activity, sha=pull.head_sha, ref=ref, branch=pull.base_ref)


def _activity_of(pull: Pull, upload: Upload) -> str:
    """Name the activity of a head: where no stack names one for a draft's end, what the head was before that."""
    activity = f"pull_request.{pull.activity}"
    if pull.activity != "ready_for_review" or layout.workflows_of(upload.graph, activity):
        return activity
    return "pull_request.synchronize" if len(pull.pushes) > 1 else "pull_request.opened"


def plan(desk: Desk, upload: Upload, *, activity: str, sha: str, ref: str, branch: str = "") -> None:
    """Start a plan; what was not sent of an earlier one of the same commit is the newer one's."""
    made = _steps(desk, upload, activity, sha)
    current = [d for d in desk.drafts if d.rollout.phase is Phase.PLAN and not d.rollout.superseded_by]
    if any(_is_repeat(draft, desk.pull, upload, made) for draft in current):
        desk.say("the same upload is being worked already")
        return
    fresh = start(desk, upload, made, activity=activity, sha=sha, ref=ref, branch=branch)
    for draft in current:
        _replace(desk, draft, fresh)


def plan_again(desk: Desk, pull: Pull, upload: Upload, *, by: str) -> Draft:
    """Start a plan of a head from its last upload, though that is worked or done; `by` ends the plan before it."""
    ref, activity = _ref_of(desk, pull), _activity_of(pull, upload)
    made = _steps(desk, upload, activity, pull.head_sha)
    heads.end_plans(desk, by, cancel=True)
    return start(desk, upload, made, activity=activity, sha=pull.head_sha, ref=ref, branch=pull.base_ref)


def _ref_of(desk: Desk, pull: Pull) -> str:
    return pull.base_ref if desk.facts.rules.plan_ref == "base" else pull.head_ref


def _is_repeat(draft: Draft, pull: Pull | None, upload: Upload, made: layout.Layout) -> bool:
    """Tell whether a rollout is of this very upload, and the upload means the same steps as then.

    It does not where the activity names other files by now, or a workflow file was mended.
    """
    rollout = draft.rollout
    epoch = pull.epoch if pull else 0
    if (rollout.epoch, rollout.content, rollout.size) != (epoch, upload.content, len(made.steps)):
        return False
    pairs = zip(draft.walk.steps, made.steps, strict=True)
    return all(_bare(old) == fresh and not was_refused(old) for old, fresh in pairs)


def _bare(step: Step) -> Step:
    """Take from a step what became of it, so that what is left is what its upload said."""
    return replace(step, dispatches=(), holds=(), released=(), decided=None, sent_before=0, outdated=False)


def _merged(desk: Desk, pull: Pull, upload: Upload, removal: Removal | None) -> None:
    if not (same_commit(upload.head_sha, pull.head_sha) or same_commit(upload.head_sha, pull.merge_sha)):
        desk.say(f"the upload is for {commit(upload.head_sha)}, but {commit(pull.head_sha)} was merged")
        return
    if not heads.applies_on(pull.base_ref, desk.lane.repo.default_branch, desk.facts.rules.apply_branches):
        _refuse(desk, f"nothing is applied on `{pull.base_ref}`")
        return
    base, place = pull.base_ref, pull.position
    apply(desk, upload, removal, activity=MERGED, sha=pull.merge_sha, ref=base, branch=base, position=place)


def apply(
    desk: Desk,
    upload: Upload,
    removal: Removal | None = None,
    *,
    activity: str,
    sha: str,
    ref: str,
    branch: str,
    position: int,
) -> None:
    """Start an apply. There is one for each activity and commit: a later upload only adds to it.

    It stands at `position` in the order of `branch`; at 0 it has no place in it.
    """
    made = _steps(desk, upload, activity, sha, removal)
    for draft in desk.drafts:
        if draft.rollout.activity == activity and draft.rollout.sha == sha:
            extending.extend(desk, draft, made.steps)
            return
    place = branch if position else ""
    start(desk, upload, made, activity=activity, sha=sha, ref=ref, branch=place, position=position)


def _refuse(desk: Desk, sentence: str) -> None:
    desk.note("refuse", sentence)
    desk.say(sentence)


def named(desk: Desk, upload: Upload, activity: str) -> None:
    """Start a rollout for an activity that stacks name beside the usual ones, from the head's last upload."""
    pull = desk.pull
    if pull is None or pull.fork or not layout.workflows_of(upload.graph, activity):
        return
    if not same_commit(upload.head_sha, pull.head_sha):
        desk.say(f"the last upload is for {commit(upload.head_sha)}, but the head is {commit(pull.head_sha)} by now")
        return
    if pro.phase(activity) is Phase.APPLY and not heads.applies_on(
        pull.base_ref, desk.lane.repo.default_branch, desk.facts.rules.apply_branches
    ):
        _refuse(desk, f"nothing is applied on `{pull.base_ref}`")
        return
    same = (d for d in desk.drafts if d.rollout.activity == activity and d.rollout.sha == pull.head_sha)
    if any(is_unfinished(draft) for draft in same):
        desk.say(f"{activity} is being worked already")
        return
    # The head branch may be gone once the pull request is closed.
    ref = pull.head_ref if pull.open else pull.base_ref
    made = _steps(desk, upload, activity, pull.head_sha)
    start(desk, upload, made, activity=activity, sha=pull.head_sha, ref=ref)


def _steps(desk: Desk, upload: Upload, activity: str, sha: str, removal: Removal | None = None) -> layout.Layout:
    wanted = layout.workflows_of(upload.graph, activity)
    if removal is not None:
        wanted |= destroys.workflows_of(upload.graph, desk.facts.remembered)
    if not wanted <= desk.facts.files.keys():
        raise Regather
    arranged = destroys.arrange(upload.graph, desk.facts.remembered, removal)
    before = removal.before if removal else ""
    return layout.lay_out(
        upload.graph, activity=activity, sha=sha, files=desk.facts.files, destroys=arranged, before=before
    )


def start(
    desk: Desk,
    upload: Upload,
    made: layout.Layout,
    *,
    activity: str,
    sha: str,
    ref: str,
    branch: str = "",
    position: int = 0,
) -> Draft:
    """Start a rollout that runs on `ref`, by what an upload says."""
    names = layout.workflows_of(upload.graph, activity)
    pull = desk.pull
    rollout = Rollout(
        id=desk.facts.next_rollout + len(desk.new),
        repo_id=desk.lane.repo.id,
        lane=desk.lane.key,
        pull=pull.number if pull else 0,
        activity=activity,
        phase=pro.phase(activity),
        sha=sha,
        ref=ref,
        base_sha=upload.base_sha,
        epoch=pull.epoch if pull else 0,
        content=upload.content,
        created_at=desk.now,
        size=len(made.steps),
        notes=notes.of(made, desk.facts.files),
        checks_head=layout.takes_no_sha(desk.facts.files, names),
        branch=branch,
        position=position,
        # What came before a backup was restored may have been worked after that was made.
        restored_at=desk.facts.restored_at if _since_restored(desk, upload) else 0.0,
    )
    steps = holds.of_new(made.steps, rollout, pull, desk.facts)
    draft = Draft(Walk.of(rollout, steps))
    desk.new.append(draft)
    desk.drafts.append(draft)
    holds.note(desk, draft, steps)
    desk.say(f"{activity} at {commit(sha)} starts with {len(made.steps)} steps")
    return draft


def _since_restored(desk: Desk, upload: Upload) -> bool:
    """Tell whether an upload, and the merge that it may be of, came after a backup was restored."""
    merged_at = desk.pull.merged_at if desk.pull is not None and desk.pull.merged else upload.received_at
    return min(upload.received_at, merged_at) >= desk.facts.restored_at


def _replace(desk: Desk, old: Draft, fresh: Draft) -> None:
    """Let a newer upload of the same commit take over: what was sent stays, what was not is the newer one's."""
    steps = {step.instance: step for step in fresh.walk.steps}
    moved: list[Step] = []
    for index in set(old.walk.by_dispatch.values()):
        step = old.step(index)
        heir = steps.get(step.instance)
        flying = {d.id for d in step.dispatches if d.id in desk.facts.in_air and d.status in _UNKNOWN}
        sent = tuple(d for d in step.dispatches if d.run_id or d.id in flying)
        if heir is None or len(sent) < len(step.dispatches) or heir.calls != step.calls:
            continue
        moved.append(replace(heir, dispatches=tuple(replace(d, step=heir.index) for d in sent)))
        old.put(replace(step, dispatches=()))
    desk.supersede(old, "a newer upload of the same commit", cancel=True)
    for step in moved:
        fresh.put(step)
        fresh.touched.update(dispatch.id for dispatch in step.dispatches)
    for one in old.walk.steps:  # what people decided counts for the commit
        heir, known = steps.get(one.instance), old.step(one.index)
        if heir is not None and (known.decided is not None or known.outdated):
            fresh.put(replace(fresh.step(heir.index), decided=known.decided, outdated=known.outdated))
