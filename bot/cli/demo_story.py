"""The whole story without a person: planned, superseded, planned again, merged, approved, failed, re-run, applied."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.cli import demo_proof, demo_timeline
from bot.cli.demo_proof import Check
from bot.cli.demo_stage import PERSON, PRODUCTION, TOUCHED, Stage, Tempo
from bot.cli.demo_timeline import Event
from bot.sandbox import Comment, Pull, Run, example

FAILING = ("plat-ue2-dev", "cluster")
PUSHED = ("cache",)
_POLL = 0.02
_LONG = 600.0


class StoryError(Exception):
    """The story did not go as it must; the text is a sentence."""


class Story:
    """Tells the story on a stage; what it sees goes to `out`, and `say` gets a line for each chapter."""

    def __init__(self, stage: Stage, out: Path, say: Callable[[str], None]) -> None:
        self._stage, self._hub, self._out, self._say = stage, stage.sandbox.hub, out, say
        self._chapters = 0
        self._waiting = ""
        self._heads: list[str] = []
        self._pushed_at = 0.0
        self._pull: Pull

    async def tell(self, limit: float) -> list[Check]:
        """Tell all of it, in `limit` seconds at most, and return what was checked. Raises StoryError."""
        try:
            async with asyncio.timeout(limit):
                await self._tell()
                rollouts = await self._rollouts()
                checks = self._checks(self._write_timeline(_activities(rollouts)), rollouts)
                await self._save_picture()
                return checks
        except TimeoutError:
            self._write_timeline({})
            raise StoryError(
                f"The story took longer than {limit:g} seconds; it was waiting until {self._waiting}. "
                f"{self._out / 'timeline.jsonl'} has what happened so far."
            ) from None

    async def _tell(self) -> None:
        hub, scene = self._hub, self._stage.scene
        self._hold_back_first_plan()
        self._pull = pull = scene.open_pull(TOUCHED, author=PERSON, title="Widen the network")
        self._heads.append(pull.head_sha)
        await self._until("the first plans are done and the comment is there", self._first_plans)
        self._chapter("planning", f"{self._stage.address(pull)} is opened and being planned")

        self._pushed_at = hub.now()
        self._heads.append(scene.push(pull.head, PUSHED, note="larger", author=PERSON))
        await self._until("the first plan is superseded", self._first_plan_ended)
        self._chapter("superseded", "a push while planning: what had begun is cancelled, and all is planned again")

        await self._until("the second plan is done", self._stage.quiet)
        self._chapter("planned", "everything is planned")

        hub.scenario.fail(stack=FAILING[0], component=FAILING[1], workflow=example.APPLY)
        self._heads.append(hub.merge(pull, by=PERSON))
        await self._until("the apply has begun", lambda: self._told(self._heads[2]))
        self._chapter("merged", "squashed and merged, the branch deleted; the apply begins at the merge commit")

        await self._until("nothing moves but for people", lambda: self._stage.quiet() and bool(self._in_approval()))
        self._chapter("approval", f"a run failed and holds back what needs it; {PRODUCTION} waits for its reviewer")

        await self._until("production is applied", lambda: not self._approve() and self._stage.quiet())
        self._chapter("blocked", f"{PRODUCTION} is approved and applied; behind the failure nothing was sent")

        (failed,) = [run for run in self._runs() if run.conclusion == "failure"]
        hub.rerun(failed.id, by=PERSON)
        await self._until("everything is applied", self._stage.quiet)
        self._chapter("applied", "the failed run was run again at GitHub and succeeded; the rest followed")

    # What the story waits for.

    async def _until(self, what: str, happened: Callable[[], bool]) -> None:
        self._waiting = what
        while not happened():
            self._stage.check()
            await asyncio.sleep(_POLL)

    def _hold_back_first_plan(self) -> None:
        """Let runs behind the roots take so long in the first plan that the push comes in time."""
        usual = self._hub.scenario.seconds

        def seconds(file: str, inputs: Mapping[str, str]) -> float:
            first = inputs.get("sha") == self._heads[0]
            return _LONG if first and inputs["component"] not in TOUCHED else usual(file, inputs)

        self._hub.scenario.seconds = seconds

    def _first_plans(self) -> bool:
        """Tell whether the roots are planned, and everything that needs nothing else is being planned."""
        needs = self._stage.scene.model.instances.values()
        second = [one for one in needs if one.needs and {component for _, component in one.needs} <= set(TOUCHED)]
        running = [run for run in self._runs() if run.status == "in_progress"]
        return bool(self._comments()) and len(running) == len(second)

    def _first_plan_ended(self) -> bool:
        ended = all(run.status == "completed" for run in self._runs() if run.inputs["sha"] == self._heads[0])
        return ended and self._told(self._heads[1])

    def _in_approval(self) -> list[Run]:
        return [run for run in self._runs() if run.status == "waiting"]

    def _approve(self) -> int:
        """Approve what waits; return how many did."""
        waiting = self._in_approval()
        for run in waiting:
            self._hub.approve(run.id, PRODUCTION, PERSON)
        return len(waiting)

    def _runs(self) -> Iterator[Run]:
        return (run for run in list(self._hub.runs.values()) if run.event == "workflow_dispatch")

    def _comments(self) -> list[Comment]:
        return [comment for comment in self._hub.comments_on(self._pull) if comment.by_app]

    def _told(self, sha: str) -> bool:
        """Tell whether the comment speaks of a commit."""
        return any(f"/commit/{sha}" in comment.body for comment in self._comments())

    # What is written and checked.

    def _chapter(self, name: str, said: str) -> None:
        self._chapters += 1
        for comment in self._comments():
            path = self._out / f"comment-{self._chapters:02}-{name}.md"
            path.write_text(comment.body, encoding="utf-8")
        self._say(f"{self._chapters}. {said}")

    async def _rollouts(self) -> list[dict[str, Any]]:
        self._waiting = "the bot tells its rollouts"
        return await self._stage.rollouts(self._pull)

    def _write_timeline(self, activities: Mapping[int, str]) -> list[Event]:
        events = demo_timeline.timeline(self._runs(), activities)
        demo_timeline.write(events, self._out / "timeline.jsonl")
        return events

    async def _save_picture(self) -> None:
        """Save the picture that the comment shows in the end, if it shows one."""
        self._waiting = "the picture is there"
        found = re.search(r'<img src="([^"]+\.svg)"', self._comments()[0].body)
        if found is None:
            return
        async with self._stage.session.get(found[1]) as response:
            response.raise_for_status()
            (self._out / "graph.svg").write_bytes(await response.read())

    def _checks(self, events: Sequence[Event], rollouts: Sequence[Mapping[str, Any]]) -> list[Check]:
        needs = {key: configured.needs for key, configured in self._stage.scene.model.instances.items()}
        opened, synchronized, merged = (
            (f"pull_request.{activity}", sha)
            for activity, sha in zip(("opened", "synchronize", "merged"), self._heads, strict=True)
        )
        return [
            demo_proof.in_order(events, needs),
            demo_proof.once(events),
            demo_proof.superseded(events, opened, self._pushed_at),
            demo_proof.complete(events, synchronized, list(needs)),
            demo_proof.complete(events, merged, list(needs)),
            demo_proof.reported(rollouts, synchronized, _planned(needs)),
            demo_proof.reported(rollouts, merged, dict.fromkeys(needs, "applied")),
            demo_proof.failed_once(events, FAILING, demo_proof.behind(needs, FAILING)),
            self._approved(),
            self._one_comment(),
        ]

    def _approved(self) -> Check:
        runs = [run for run in self._runs() if run.inputs.get("github_environment") == PRODUCTION]
        reviewed = [run for run in runs if any(review.state == "approved" for review in run.reviews)]
        text = f"{len(reviewed)} of {len(runs)} runs in {PRODUCTION} waited for a reviewer and were approved"
        return Check(0 < len(runs) == len(reviewed), text)

    def _one_comment(self) -> Check:
        comments = self._comments()
        edits = sum(len(comment.edits) - 1 for comment in comments)
        if len(comments) != 1:
            return Check(False, f"there are {len(comments)} comments by the bot, not one")
        return Check(True, f"one comment, edited in place {edits} times")


def _activities(rollouts: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """Tell which run was for which activity."""
    return {
        dispatch["run_id"]: rollout["activity"]
        for rollout in rollouts
        for step in rollout["steps"]
        for dispatch in step["dispatches"]
    }


def _planned(needs: demo_proof.Needs) -> dict[demo_proof.Instance, str]:
    """Tell what the plans of the second commit find: changes in what was pushed, and nothing in what only needs it."""
    return {instance: "changes" if instance[1] in (*TOUCHED, *PUSHED) else "no changes" for instance in needs}


def tempo() -> Tempo:
    """Make everything fast."""
    return Tempo(queue=0.05, run=lambda _file, _inputs: 0.2, settle=0.4, dispatches_per_second=100)
