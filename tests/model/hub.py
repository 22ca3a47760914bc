"""A small GitHub with state, in memory: what people, time and the bot do to it. It keeps what it saw, in its order."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from bot.domain.events import Rules
from bot.domain.graph import Instance
from tests.model import payloads
from tests.model.payloads import Json
from tests.model.repository import AFFECTED, CHANGES, DESTROY, ENVIRONMENT, GATED, MAIN, removed
from tests.model.saying import Saying
from tests.model.things import Hook, News, Pull, Run, Said, Word

PEOPLE = ("dora", "lead")


class Hub:
    """The one repository with everything in it."""

    def __init__(self, now: Callable[[], float], rules: Rules) -> None:
        self.now, self.rules = now, rules
        self._ids = count(1000)
        root = self._sha()
        self.commits: dict[str, tuple[str, ...]] = {root: ()}
        self.main: list[str] = [root]
        self.pulls: list[Pull] = []
        self.runs: dict[int, Run] = {}
        self.comments: dict[int, list[Json]] = {}
        self.checks: dict[int, Json] = {}
        self.hooks: list[Hook] = []  # on their way, in the order of what they tell
        self.log: list[Hook] = []  # tried, arrived or not
        self.on_dispatch: Callable[[Run], None] = lambda _run: None
        # What people told the bot, not GitHub.
        self.words: dict[tuple[int, str, Instance], list[Word]] = {}  # by pull request, commit and instance
        self.locks: dict[Instance, float] = {}  # until when
        self.saying = Saying(now)
        self.frozen = False
        self.protected = True  # the environment is there
        self._histories: dict[str, frozenset[str]] = {}

    def _sha(self) -> str:
        return f"{next(self._ids):07x}" + "0" * 33  # its first seven digits tell it from all others

    @property
    def dispatched(self) -> list[Run]:
        """The runs of dispatches, in the order in which GitHub took them."""
        return [run for run in self.runs.values() if run.event == "workflow_dispatch"]

    def tip(self, ref: str) -> str | None:
        """Find the commit of a branch that is there."""
        if ref == MAIN:
            return self.main[-1]
        return next((pull.head for pull in self.pulls if pull.branch == ref), None)

    def knows(self, ref: str) -> bool:
        """Tell whether there is such a commit or branch."""
        return self.tip(ref) is not None or ref in self.commits

    def history(self, sha: str) -> frozenset[str]:
        """Name a commit and all that led to it."""
        known = self._histories.get(sha)
        if known is None:
            known = self._histories[sha] = frozenset({sha}).union(*map(self.history, self.commits[sha]))
        return known

    def lost(self) -> bool:
        """Tell whether a webhook did not arrive and is not on its way."""
        there = {hook.guid for hook in (*self.hooks, *self.log) if hook.arrived or hook in self.hooks}
        return any(hook.guid not in there for hook in self.log)

    def pull_of(self, run: Run) -> Pull:
        """Find the pull request that a dispatched run works for."""
        return next(pull for pull in self.pulls if run.target == pull.merge_sha or run.target in pull.heads)

    def words_for(self, pull: Pull, sha: str, instance: Instance) -> list[Word]:
        """List who let an instance go at a commit, on the server or in a comment."""
        return self.words.get((pull.number, sha, instance), []) + self.saying.words(pull, instance, sha)

    def position(self, sha: str) -> int:
        """Tell where a merge stands in the history of the main branch."""
        return self.main.index(sha)

    # What people do.

    def open_pull(self, changed: tuple[Instance, ...]) -> Pull:
        """Open a pull request."""
        number = len(self.pulls) + 1
        pull = Pull(number, f"change-{number}", changed, "", self.main[-1], PEOPLE[0])
        self.pulls.append(pull)
        self._commit(pull, changed, self.main[-1])
        self._pull_moved(pull, "opened")
        self._affected(pull, merged=False)
        return pull

    def push(self, pull: Pull, changed: tuple[Instance, ...]) -> None:
        """Push to a pull request's branch."""
        self._commit(pull, changed, pull.head)
        if pull.open:
            self._pull_moved(pull, "synchronize")
            self._affected(pull, merged=False)

    def merge(self, pull: Pull) -> None:
        """Merge a pull request, squashed."""
        sha = self._sha()
        self.commits[sha] = (self.main[-1],)
        self.main.append(sha)
        pull.open, pull.merged, pull.merge_sha, pull.merged_at = False, True, sha, self.now()
        self._pull_moved(pull, "closed")
        self._affected(pull, merged=True)

    def close(self, pull: Pull) -> None:
        """Close a pull request without merging it."""
        pull.open = False
        self._pull_moved(pull, "closed")

    def reopen(self, pull: Pull) -> None:
        """Open it again."""
        pull.open = True
        pull.begun[pull.head] += 1
        self._pull_moved(pull, "reopened")
        self._affected(pull, merged=False)

    def review(self, run: Run, who: str, state: str) -> None:
        """Approve or reject a run that waits for its environment."""
        name = {"name": ENVIRONMENT}
        run.reviews.append({"state": state, "user": {"login": who}, "comment": "seen", "environments": [name]})
        if state == "approved":
            run.approved = True
            self._job(run, "queued")
            self.move(run, "queued")
        else:
            self._job(run, "completed")
            self.move(run, "completed", "failure")

    def rerun(self, run: Run, who: str) -> None:
        """Run a run again that is over. GitHub sends no `requested` for it."""
        run.attempt += 1
        run.actor, run.conclusion, run.approved, run.started, run.wanted_off = who, None, False, False, False
        run.started_at = self.now()
        self._note(run, "queued", None)

    def say(self, pull: Pull, by: str, command: str, targets: tuple[Instance, ...] = (), flag: str = "") -> Said:
        """Write a command as a comment on a pull request."""
        said = self.saying.say(pull, by, command, targets, flag)
        self._send("issue_comment", payloads.said(said))
        self.hooks[-1].says = said
        return said

    def press(self, pull: Pull, by: str, command: str, button: str) -> Said:
        """Press a button of the check run beside a pull request's commit, or (no button) have GitHub run that again."""
        said = self.saying.press(pull, by, command)
        self._send("check_run", payloads.pressed(said, button))
        self.hooks[-1].says = said
        return said

    def tell_again(self, hook: Hook) -> Hook:
        """Tell of something once more, as if it were new."""
        number = next(self._ids)
        return Hook(number, f"guid-{number}", hook.event, hook.payload, self.now(), says=hook.says)

    # What Actions do.

    def start(self, run: Run) -> None:
        """Give a queued run its runner, or have it wait for people."""
        if run.workflow == GATED and not run.approved:
            self._note(run, "waiting", None)
            self._job(run, "waiting")
            return
        run.started, run.started_at = True, self.now()
        self.move(run, "in_progress")

    def move(self, run: Run, status: str, conclusion: str | None = None) -> None:
        """Bring a run into a state and tell of it."""
        self._note(run, status, conclusion)
        if status in ("in_progress", "completed"):
            self._tell_run(run, status)

    def _note(self, run: Run, status: str, conclusion: str | None) -> None:
        run.status, run.conclusion, run.updated_at = status, conclusion, self.now()
        run.news.append(News(self.now(), run.attempt, status, conclusion))

    # What the bot asks for.

    def dispatch(self, workflow: str, ref: str, inputs: Json, *, listed_at: float) -> Run:
        """Start a run on a branch that is there."""
        name = f"{workflow.partition('.')[0].partition('-')[0]} {inputs['component']} {inputs['atmos_pro_run_id']}"
        run = self._run(workflow, "workflow_dispatch", self.tip(ref) or "", ref, name)
        run.inputs, run.listed_at = dict(inputs), listed_at
        if workflow == DESTROY and not self._is_confirmed(run):
            its = (pull for pull in self.pulls if pull.merged and run.instance in removed(pull.changed))
            run.removed_by = next((pull.merge_sha for pull in its), "")
        self.on_dispatch(run)
        self._tell_run(run, "requested")
        return run

    def _is_confirmed(self, run: Run) -> bool:
        """Tell, and note, whether people may have confirmed a destroy at its commit, which none was made for yet."""
        known = self.saying.confirmations(run.instance)
        wanted = sum(offer.pull.merge_sha == run.inputs["sha"] for _, offer in known)
        made = (one for one in self.dispatched if one.confirmed and one.inputs["sha"] == run.inputs["sha"])
        run.confirmed = wanted > sum(one.instance == run.instance for one in made)
        return run.confirmed

    def cancel(self, run: Run) -> None:
        """Take a cancel; what has started ends only later."""
        run.wanted_off = True
        if not run.started:
            self.move(run, "completed", "cancelled")

    # How it tells.

    def redeliver(self, hook_id: int) -> None:
        """Send a webhook again, under its GUID."""
        old = next(hook for hook in self.log if hook.id == hook_id)
        again = Hook(next(self._ids), old.guid, old.event, old.payload, self.now(), tells=old.tells, says=old.says)
        self.hooks.append(again)

    def _commit(self, pull: Pull, changed: tuple[Instance, ...], parent: str) -> None:
        if removed(changed) and any(removed(one.changed) for one in self.pulls if one is not pull):
            changed = CHANGES[0]  # nothing is removed twice
        pull.head, pull.changed = self._sha(), changed
        pull.heads[pull.head] = changed
        pull.begun[pull.head] += 1
        self.commits[pull.head] = (parent,)

    def _run(self, workflow: str, event: str, sha: str, branch: str, title: str) -> Run:
        run = Run(next(self._ids), workflow, event, sha, branch, title, self.now(), self.now())
        run.news.append(News(self.now(), 1, "queued", None))
        self.runs[run.id] = run
        return run

    def _affected(self, pull: Pull, *, merged: bool) -> None:
        run = self._run(AFFECTED, "pull_request", pull.head, pull.branch, "Affected stacks")
        run.pull, run.merged, run.actor = pull.number, merged, PEOPLE[0]
        self._tell_run(run, "requested")

    def _pull_moved(self, pull: Pull, action: str) -> None:
        pull.updated_at = self.now()
        self.saying.moved(pull)
        payload = {"action": action, "number": pull.number, "pull_request": payloads.pull(pull)}
        if action == "synchronize":
            self._send("push", {"ref": f"refs/heads/{pull.branch}", "after": pull.head})
        self._send("pull_request", payload)
        if pull.merged:
            self._send("push", {"ref": f"refs/heads/{MAIN}", "after": pull.merge_sha})

    def _tell_run(self, run: Run, action: str) -> None:
        self._send("workflow_run", {"action": action, "workflow_run": payloads.run(run)}, (run, run.news[-1]))

    def _job(self, run: Run, action: str) -> None:
        job = {"id": run.id, "run_id": run.id, "run_attempt": run.attempt, "status": action, "name": "apply"}
        self._send("workflow_job", {"action": action, "workflow_job": job})

    def _send(self, event: str, told: Json, tells: tuple[Run, News] | None = None) -> None:
        payload = {**told, "repository": payloads.REPOSITORY, "installation": {"id": payloads.INSTALLATION}}
        self.hooks.append(Hook(number := next(self._ids), f"guid-{number}", event, payload, self.now(), tells=tells))
