"""`/atmos plan`."""

from __future__ import annotations

from bot.domain import uploads
from bot.domain.commands.asked import Asked, Refused
from bot.domain.commands.words import Answer, Spec
from bot.domain.desk import Desk
from bot.domain.model import Pull
from bot.domain.texts import commit, same_commit

SPEC = Spec(
    "plan",
    "Plan everything that is affected again, at the head.",
    more=(
        "The plan before it ends, and its runs are cancelled. What was skipped is planned, too.",
        "The workflow files are read anew.",
        "What is affected is taken from the last upload of the head; to find it anew, run the affected workflow again.",
    ),
)


def do(desk: Desk, asked: Asked) -> Answer:
    """Start a new plan in place of the one that counts now."""
    pull = desk.pull
    if pull is None:
        raise Refused("There is no pull request here to plan.")
    if sentence := _ended(pull):
        raise Refused(sentence)
    upload = asked.event.upload
    if upload is None or not same_commit(upload.head_sha, pull.head_sha):
        told = f"Nothing was uploaded for {commit(pull.head_sha)} and `{pull.base_ref}` that could be planned again"
        raise Refused(f"{told}: run the affected workflow of the pull request again, or push.")
    fresh = uploads.plan_again(desk, pull, upload, by=f"`/atmos plan` by {asked.by}")
    desk.note("plan", f"everything again at {commit(pull.head_sha)}", fresh, actor=asked.by)
    size = fresh.rollout.size
    many = "1 instance is" if size == 1 else f"{size:,} instances are"
    paused = " The pull request is paused: `/atmos unpause` lets it go on." if pull.paused else ""
    return Answer(True, f"{many} planned again at {commit(pull.head_sha)}.{paused}")


def _ended(pull: Pull) -> str:
    if pull.fork:
        return "It comes from a fork, and nothing is started for forks."
    if pull.merged:
        return "It is merged: a plan now would not show what it changed. What is applied goes on by `/atmos retry`."
    if not pull.open:
        return "It is closed, and nothing of it is worked any more. Reopen it to begin again."
    return ""
