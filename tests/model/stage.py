"""What the machine's rules are made of: the hub and the bot side by side, the news between them, time, a referee."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.events import Rules
from bot.domain.graph import Instance
from bot.events.packing import Header
from tests.model import invariants, payloads, repository, when_quiet
from tests.model.hub import Hub
from tests.model.process import Broken, Process
from tests.model.repository import AFFECTED
from tests.model.saying import may
from tests.model.shown import comment, read
from tests.model.story import story
from tests.model.things import Hook, Pull, Run, Said, Word

MORNING = 1_777_888_800.0  # 2026-05-04 10:00:00 UTC
_MOST_ROUNDS = 20
#: Longer than a dispatch is in doubt, and than the sweep waits.
_A_WHILE = 130.0
#: Longer than anybody waits for an upload.
_LONG = 700.0


@dataclass(frozen=True, slots=True)
class Way:
    """How the bot and GitHub speak with each other."""

    details: bool = True  # a dispatch is answered with its run
    listed_after: float = 0.0  # how late GitHub lists a new run, in seconds
    claims: bool = False  # uploads come with a run's claims, not with a key
    protected: bool = True  # the environment that an apply names is there


class Stage:
    """The hub, the bot, and a referee who holds one against the other."""

    def __init__(self, way: Way, rules: Rules) -> None:
        self.clock, self.way = MORNING, way
        self.hub = Hub(lambda: self.clock, rules)
        self.hub.on_dispatch = self._judge
        self.hub.protected = way.protected
        self.process = Process(self.hub, rules, listed_after=way.listed_after, details=way.details)
        self.broken: list[tuple[str, str]] = []
        self._arrived: list[Hook] = []

    # What there is.

    def open(self) -> list[Pull]:
        """The pull requests that are open."""
        return [pull for pull in self.hub.pulls if pull.open]

    def merged(self) -> list[Pull]:
        """Those that are merged."""
        return [pull for pull in self.hub.pulls if pull.merged]

    def unmerged(self) -> list[Pull]:
        """Those that are not merged."""
        return [pull for pull in self.hub.pulls if not pull.merged]

    def runs(self, status: str) -> list[Run]:
        """The dispatched runs in a state."""
        return [run for run in self.hub.dispatched if run.status == status]

    def uploads(self) -> list[Run]:
        """The runs that have not uploaded yet."""
        return [run for run in self.hub.runs.values() if run.workflow == AFFECTED and not run.uploaded]

    # What Actions do.

    def upload(self, run: Run) -> None:
        """Let an affected run do its work."""
        pull = self.hub.pulls[run.pull - 1]
        if run.status == "queued":
            self.hub.start(run)
        run.uploaded = True
        body = repository.upload(pull.heads[run.sha], run.sha, pull.base)
        claims = payloads.claims(run, pull) if self.way.claims else None
        self.process.upload(Header("key:1", {}, run.sha, "", pull.base, claims), body)
        self.hub.move(run, "completed", "success")

    def end(self, run: Run, how: str) -> None:
        """End a run; one whose cancelling was asked for is cancelled."""
        self.hub.move(run, "completed", "cancelled" if run.wanted_off else how)

    def actions(self) -> bool:
        """Move every run on by one, all for the best; False when all are over."""
        before = self._all_news()
        for run in list(self.hub.runs.values()):
            if run.status == "queued":
                self.hub.start(run)
            elif run.status == "waiting":
                self.hub.review(run, "lead", "approved")
            elif run.status == "in_progress" and run.workflow == AFFECTED:
                self.upload(run)
            elif run.status == "in_progress":
                self.end(run, "success")
        return self._all_news() > before

    def settle(self) -> None:
        """Have Actions do all their work, and the bot what follows of it."""
        self.deliver()
        while self.actions():
            self.deliver()

    def overtaken(self) -> list[Run]:
        """The applies that are over, and after which a newer commit was applied to their instance."""
        applies = [run for run in self.hub.dispatched if run.applies]
        newest: dict[Instance, int] = {}
        for run in applies:
            newest[run.instance] = max(newest.get(run.instance, 0), self.hub.position(run.target))
        return [run for run in applies if run.over and self.hub.position(run.target) < newest[run.instance]]

    def plans_under_way(self, pull: Pull) -> list[Run]:
        """The plans of a pull request's head that are being made; where there are none, it is pushed to for some."""
        if not any(run.target == pull.head for run in self.runs("in_progress")):
            self._begin_plans(pull)
        return [run for run in self.runs("in_progress") if run.target == pull.head]

    def _begin_plans(self, pull: Pull) -> None:
        """Push to a pull request once more, and bring it so far that its first plans are made."""
        self.hub.push(pull, pull.changed)
        self.upload(self.uploads()[-1])
        self.deliver()
        for run in self.runs("queued"):
            if run.target == pull.head:
                self.hub.start(run)
        self.deliver()

    # The news between them.

    def tried(self, hook: Hook, *, arrives: bool) -> None:
        """Have GitHub try to deliver one webhook."""
        hook.at = self.clock
        self.hub.log.append(hook)
        if arrives:
            self._arrive([hook])

    def all_arrive(self) -> None:
        """Let all webhooks arrive in their order."""
        for hook in self.hub.hooks:
            hook.at = self.clock
        self._arrive(self.hub.hooks)
        self.hub.log += self.hub.hooks
        self.hub.hooks.clear()

    def _arrive(self, hooks: list[Hook]) -> None:
        for hook in hooks:
            hook.arrived = True
            if hook.says is not None:
                self._comes(hook.says)
        self._arrived += hooks
        self.process.take(hooks)

    def _comes(self, said: Said) -> None:
        self.hub.saying.comes(said)
        if said.command == "unlock" and may(said):
            for instance in said.targets:
                self.hub.locks.pop(instance, None)

    def deliver(self) -> None:
        """Let all webhooks arrive, and the bot do its work."""
        for _ in range(3):  # its work makes new ones
            self.all_arrive()
            self.work()
            if not self.hub.hooks:
                return

    def work(self) -> None:
        """Let the bot do all it can, and note what it has heard by that."""
        self.process.work()
        if not self._arrived or not self.process.has_heard():
            return
        self.hub.saying.heard()
        for hook in self._arrived:
            if hook.event == "pull_request":
                self._knows(self.hub.pulls[hook.payload["number"] - 1], hook.payload["pull_request"]["head"]["sha"])
            if hook.tells is not None:
                run, news = hook.tells
                if run.heard is None or news.rank > run.heard.rank:
                    run.heard = news
        self._arrived.clear()

    def _knows(self, pull: Pull, sha: str) -> None:
        heads = list(pull.heads)
        if not pull.known or heads.index(sha) > heads.index(pull.known):
            pull.known = sha

    # What people tell the bot.

    def approve(self, pull: Pull, by: str, *, named: bool = True) -> None:
        """Say here that what is held may go, each by its name or all at once."""
        sha, instances = self.process.approve(pull.number, by, named=named)
        for instance in instances:
            word = Word(by, self.clock, named=named)
            self.hub.words.setdefault((pull.number, sha, instance), []).append(word)

    def lock(self, instance: Instance, seconds: float) -> None:
        """Lock an instance for so long, or (0) end its lock."""
        self.hub.locks[instance] = self.clock + seconds
        self.hub.saying.overruled[instance] = self.clock
        if seconds:
            self.process.lock(instance, self.clock + seconds)
        else:
            self.process.unlock(instance)

    def freeze(self) -> None:
        """Freeze everything, or end that."""
        self.hub.frozen = not self.hub.frozen
        self.process.freeze(frozen=self.hub.frozen)

    # Time, and the end.

    def passes(self, seconds: float) -> None:
        """Let time pass, from one due thing to the next."""
        end = self.clock + seconds
        self.work()
        while (due := self.process.next_due()) is not None and due <= end:
            self.clock = due
            self.work()
        self.clock = end
        self.work()

    def _judge(self, run: Run) -> None:
        """Hold a dispatch against the rules in the moment in which GitHub takes it."""
        for law in invariants.ON_DISPATCH:
            self._note(law.__name__, law(self.hub, run))

    def _note(self, name: str, sentence: str) -> None:
        if sentence:
            self.broken.append((name, sentence))

    def look(self) -> None:
        """Hold what is shown against what is; raises Broken, also for what was found before."""
        for pull in self.hub.pulls:
            self.hub.saying.read(pull, comment(self.hub, pull))
        self._note("one_comment", when_quiet.one_comment(self.hub))
        self._note("no_fault_of_its_own", self.process.gave_up())
        if not self.hub.hooks and not self.hub.lost() and self.process.idle() and self.process.has_heard():
            for law in invariants.WHEN_QUIET:
                self._note(law.__name__, law(self.hub))
        self._complain()

    def _complain(self) -> None:
        if self.broken:
            broken = Broken(*self.broken[0])
            broken.add_note(story(self.hub, MORNING))
            raise broken

    def all_becomes_well(self) -> None:
        """Let GitHub, people and the bot come to an end, and see whether anything is left."""
        self.process.github.faults.clear()
        if self.hub.frozen:
            self.freeze()
        for _ in range(_MOST_ROUNDS):
            before = self._all_news()
            for pull in self.hub.pulls:
                if "held" in comment(self.hub, pull):
                    self.approve(pull, "lead")
            self._end_what_people_keep()
            self.settle()
            self.passes(_A_WHILE)
            self.process.sweep()
            self.deliver()
            quiet = self.process.idle() and not self.hub.lost() and not self._end_what_people_keep()
            if before == self._all_news() and quiet:
                break
        self.passes(_LONG)
        self.process.sweep()
        self.deliver()
        self.passes(_A_WHILE)
        for law in (*invariants.WHEN_QUIET, *invariants.IN_THE_END):
            self._note(law.__name__, law(self.hub))
        self._complain()

    def _end_what_people_keep(self) -> bool:
        """Have a person end each pause and each lock that the comments show; False where there is none."""
        kept = False
        for pull in self.hub.pulls:
            shown = comment(self.hub, pull)
            if "started:** paused by" in shown:
                kept = bool(self.hub.say(pull, "lead", "unpause"))
            told = read(shown)
            for instance, (_, why) in told.rows.items() if told else ():
                if "locked by" in why:
                    kept = bool(self.hub.say(pull, "lead", "unlock", (instance,)))
        return kept

    def _all_news(self) -> int:
        return sum(len(run.news) for run in self.hub.runs.values())
