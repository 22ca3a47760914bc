"""The rules in a small world: several pull requests of one repository, a GitHub, an outbox and a disk, all in memory.

`World.handle` does with a decision what intake does, and looks after every event whether the rules were kept.
"""

import itertools
from dataclasses import dataclass, field, replace

import msgspec

from bot.domain.claims import Claims
from bot.domain.decide import decide
from bot.domain.desk import Lane
from bot.domain.effects import CancelRun, DropRun, LookAgainAt, Nudge, RunKnown, StartRun
from bot.domain.events import (
    Facts,
    KeptBack,
    NotSent,
    Nudged,
    PullChanged,
    Queue,
    Rules,
    RunReported,
    Sent,
    Upload,
    UploadCame,
)
from bot.domain.facts import PullFacts, RunFacts
from bot.domain.graph import Graph, Instance, Node
from bot.domain.lanes import lane_of_pull
from bot.domain.layout import lay_out
from bot.domain.locks import Lock, kept
from bot.domain.model import IN_FLIGHT, OPEN, PASSED, Dispatch, Pull, Repo, Rollout, Status, Step
from bot.domain.pro import Call, Phase, WorkflowFile, phase
from bot.domain.rollout import Draft, Walk, own_status
from bot.domain.run_news import is_tie
from bot.domain.states import states
from bot.domain.texts import same_commit

REPO = Repo(7, "acme", "infra", 99, "main")
RULES = Rules(unplanned="allow")
PLANS = ("opened", "synchronize", "reopened", "ready_for_review")


def file(name, inputs=("sha", "atmos_pro_run_id", "component", "stack"), required=()):
    return WorkflowFile(
        name,
        inputs=frozenset(inputs),
        required=frozenset(required),
        run_name_has_id=True,
        dispatchable=True,
        on_default_branch=True,
    )


FILES = {name: file(name) for name in ("plan.yaml", "lint.yaml", "apply.yaml", "report.yaml", "tag.yaml")}


def at(component):
    return Instance("dev", component)


def pro(plan=("plan.yaml",), apply=("apply.yaml",), **more):
    """Make a `settings.pro` that names these files; more activities by their GitHub word."""
    files = dict.fromkeys(PLANS, plan) | {"merged": apply} | more
    given = {"component": "{{ .atmos_component }}", "stack": "{{ .atmos_stack }}"}
    return {
        "pull_request": {
            activity: {"workflows": {name: {"inputs": given} for name in names}} for activity, names in files.items()
        }
    }


def graph(text, **settings):
    """Make a graph of `a>b b>c d`; what an instance's settings are, or None for deleted, by its name."""
    words = text.split()
    edges = [tuple(map(at, word.split(">"))) for word in words if ">" in word]
    names = dict.fromkeys(name for word in words for name in word.split(">"))
    return Graph.of([node(name, settings.get(name, pro())) for name in names], edges)


def node(name, settings):
    return Node(at(name), pro=settings, deleted=settings is None)


def sha_of(number):
    return f"{number:040x}"


def pull_facts(**changes):
    told = PullFacts(
        number=1,
        title="Widen the network",
        author="dora",
        head_ref="wider",
        head_sha=sha_of(1),
        base_ref="main",
        base_sha=sha_of(9),
        fork=False,
        draft=False,
        open=True,
        merged=False,
        merge_sha="",
        merged_at=0.0,
        updated_at=100.0,
    )
    return replace(told, **changes)


def run_facts(run_id=1, **changes):
    told = RunFacts(
        run_id=run_id,
        workflow="plan.yaml",
        event="workflow_dispatch",
        status="queued",
        conclusion="",
        attempt=1,
        head_sha=sha_of(1),
        head_branch="wider",
        title="",
        url=f"https://github.com/acme/infra/actions/runs/{run_id}",
        updated_at=100.0,
        started_at=100.0,
        created_at=100.0,
    )
    return replace(told, **changes)


def claims_of(ref="refs/pull/1/merge", event="pull_request", **changes):
    """Make the claims of a run on the first pull request, or on another ref."""
    told = Claims(
        run_id=500,
        attempt=1,
        event=event,
        ref=ref,
        head_ref="wider" if event.startswith("pull_request") else "",
        base_ref="main" if event.startswith("pull_request") else "",
        sha=sha_of(0xC),
        actor="dora",
        environment="",
        workflow="Affected stacks",
        workflow_file="affected.yaml",
    )
    return replace(told, **changes)


def rollout_of(steps, *, activity="pull_request.synchronize", **changes):
    facts = Rollout(
        id=1,
        repo_id=REPO.id,
        lane=lane_of_pull(REPO.id, 1),
        pull=1,
        activity=activity,
        phase=phase(activity),
        sha=sha_of(1),
        ref="wider",
        base_sha=sha_of(9),
        epoch=1,
        content="one",
        created_at=100.0,
        size=len(steps),
    )
    return replace(facts, **changes)


def walk_of(text, *, activity="pull_request.synchronize", **settings):
    """Make a walk over a graph as `graph` takes it."""
    steps = lay_out(graph(text, **settings), activity=activity, sha=sha_of(1), files=FILES).steps
    return Walk.of(rollout_of(steps, activity=activity), steps)


def dispatch_of(step, status=Status.RUNNING, **facts):
    made = {"id": f"sy-{step}", "workflow": "plan.yaml", "inputs": (), "created_at": 100.0} | facts
    if status not in (Status.DISPATCHING, Status.HELD):
        made = {"run_id": 900 + step, "attempt": 1} | made
    return Dispatch(step=step, status=status, **made)


def index_of(walk, component):
    return next(step.index for step in walk.steps if step.instance.component == component)


def shown(walk):
    """Tell each component's status."""
    return {step.instance.component: str(state.status) for step, state in zip(walk.steps, states(walk), strict=True)}


_step = msgspec.json.Decoder(Step).decode
_dispatch = msgspec.json.Decoder(Dispatch).decode


class Disk:
    """Rollouts as JSON. Like the real one it writes only what a draft says has changed."""

    def __init__(self):
        self.rollouts, self.steps, self.dispatches = {}, {}, {}

    def save(self, draft, *, new):
        number = draft.rollout.id
        self.rollouts[number] = msgspec.json.encode(draft.rollout)
        for index in range(len(draft.walk.steps)) if new else draft.changed:
            step = replace(draft.step(index), dispatches=())
            self.steps.setdefault(number, {})[index] = msgspec.json.encode(step)
        for dispatch_id in draft.removed:
            del self.dispatches[dispatch_id]
        for step in draft.changed.values():
            for sent in step.dispatches:
                if sent.id in draft.touched:
                    place = (number, step.index, sent.workflow)
                    self.dispatches = {key: row for key, row in self.dispatches.items() if row[:3] != place}
                    self.dispatches[sent.id] = (number, step.index, sent.workflow, msgspec.json.encode(sent))

    def load(self, number):
        steps = [_step(body) for _, body in sorted(self.steps.get(number, {}).items())]
        for _, index, _, body in sorted(row for row in self.dispatches.values() if row[0] == number):
            steps[index] = replace(steps[index], dispatches=(*steps[index].dispatches, _dispatch(body)))
        return Walk.of(msgspec.json.decode(self.rollouts[number], type=Rollout), steps)


@dataclass
class Run:
    """A workflow run at GitHub."""

    facts: RunFacts
    dispatch_id: str
    lane: str

    @property
    def open(self):
        return self.facts.status != "completed"


@dataclass
class Place:
    """A pull request: as GitHub has it, and what the bot knows."""

    key: str
    facts: PullFacts
    pull: Pull | None = None
    walks: list[Walk] = field(default_factory=list)


class World:
    """Several pull requests that share one cap."""

    def __init__(self, *, pulls=1, cap=20):
        self.cap, self.now, self.rules = cap, 1000.0, RULES
        self.numbers = itertools.count(100)
        self.lanes = {}
        for number in range(1, pulls + 1):
            key = lane_of_pull(REPO.id, number)
            head = sha_of(number * 1000)
            self.lanes[key] = Place(key, pull_facts(number=number, head_sha=head, updated_at=self.now))
        self.disk = Disk()
        self.wishes = {}  # dispatch id -> (lane, "wished" | "air" | "kept" by a lock)
        self.cancels = []  # dispatch ids to cancel the runs of
        self.runs = {}
        self.mail = []  # (lane, event) that is on its way
        self.last = {}  # the last upload of each pull request
        self.queues = {}  # what each rollout waits for, as the other lanes see it
        self.locks = {}  # by name, also those that have ended
        self.looks = {}  # when each lane is looked at because a lock ends
        self.lags = False  # whether GitHub's readers lag behind its webhooks
        self.raised = set()
        self.before = {}  # what was raised, by dispatch id, as it was then
        self.cancelled = set()  # ids of dispatches that a cancel was wished for
        self.doomed = {}  # ids of dispatches whose run must be cancelled once it is known, with their attempt
        self.ids = (f"sy-{number:04x}" for number in itertools.count(1))

    @property
    def walks(self):
        return [walk for place in self.lanes.values() for walk in place.walks]

    def walk(self, activity="", lane=None):
        """Find the newest rollout, or the newest of an activity."""
        places = [self.lanes[lane]] if lane else self.lanes.values()
        found = [w for place in places for w in place.walks if w.rollout.activity.endswith(activity)]
        return max(found, key=lambda walk: walk.rollout.id)

    def statuses(self, activity="", lane=None):
        return shown(self.walk(activity, lane))

    def sent(self, component, activity="", lane=None, workflow=""):
        """Find the dispatch of a component in the newest rollout."""
        walk = self.walk(activity, lane)
        found = walk.steps[index_of(walk, component)].dispatches
        return next(dispatch for dispatch in found if workflow in dispatch.workflow)

    # what the bot does

    def handle(self, key, event):
        place = self.lanes[key]
        wanted = getattr(event, "dispatch_id", "")
        walks = tuple(w for w in place.walks if not w.rollout.superseded_by or _has(w, wanted))
        lane = Lane(key, REPO, place.pull, walks)
        decision = decide(lane, event, self._facts(key), now=self.now, ids=lambda: next(self.ids))
        self._before(place, decision)
        if decision.pull is not None:
            assert decision.pull.merged or not (place.pull and place.pull.merged), "a merge was taken back"
            place.pull = decision.pull
        for draft in decision.drafts:
            new = any(draft is one for one in decision.new)
            self.disk.save(draft, new=new)
            self._note_queue(draft)
        if isinstance(event, Nudged):
            for walk in walks:
                changed = (d for d in decision.drafts if d.walk is walk)
                self._note_queue(next(changed, None) or Draft(walk))
        if isinstance(event, Sent | NotSent):
            self.wishes.pop(event.dispatch_id, None)
        place.walks += [draft.walk for draft in decision.new]
        for draft in decision.drafts:
            draft.walk.apply(draft)
        self._carry(key, decision)
        self._after(place, decision)
        return decision

    def _facts(self, key):
        flying = {lane: self._flying(place) for lane, place in self.lanes.items()}
        return Facts(
            rules=replace(self.rules, max_in_flight=self.cap),
            in_flight={lane: count for lane, count in flying.items() if count},
            queues=tuple(queue for queue in self.queues.values() if queue.lane != key),
            in_air=frozenset(i for i, (lane, how) in self.wishes.items() if lane == key and how == "air"),
            files=FILES,
            next_rollout=len(self.walks) + 1,
            locks=self.locked(),
        )

    def _flying(self, place):
        return sum(d.status in IN_FLIGHT for w in place.walks for step in w.steps for d in step.dispatches)

    def _note_queue(self, draft):
        rollout = draft.rollout
        self.queues.pop(rollout.id, None)
        if draft.ready_count:
            free = draft.ready_count - len(kept(draft, self.locked()))
            self.queues[rollout.id] = Queue(rollout.lane, rollout.id, rollout.phase, free)

    def _carry(self, key, decision):
        for effect in decision.effects:
            match effect:
                case StartRun(dispatch_id):
                    assert dispatch_id not in self.wishes
                    self.wishes[dispatch_id] = (key, "wished")
                case DropRun(dispatch_id):
                    assert self.wishes.pop(dispatch_id)[1] != "air", "what flies was dropped"
                    self._forget(dispatch_id)
                case RunKnown(dispatch_id):
                    self.wishes.pop(dispatch_id, None)
                case CancelRun(dispatch_id):
                    self.cancels.append(dispatch_id)
                    self.cancelled.add(dispatch_id)
                case Nudge(lane):
                    self._nudge(lane)
                case LookAgainAt(when):
                    assert when > self.now, "a lock that has ended keeps something"
                    self.looks[key] = when

    def _nudge(self, lane):
        if (lane, Nudged()) not in self.mail:
            self.mail.append((lane, Nudged()))

    def _forget(self, dispatch_id):
        """Let what was raised and taken back be raised again: its step was not sent."""
        walk, sent = self.before[dispatch_id]
        self.raised.discard((walk, sent.step, sent.workflow))

    # what must hold

    def _before(self, place, decision):
        """Note which runs must be cancelled: those of plans that a push, a closing or a newer upload ends."""
        for draft in decision.drafts:
            before, by = draft.walk.rollout, draft.rollout.superseded_by
            if before.superseded_by or not by or before.phase is Phase.APPLY:
                continue
            if by.startswith("the merge") and before.sha == place.facts.head_sha:
                continue  # its runs go on
            moved = {d.id for new in decision.new for step in new.changed.values() for d in step.dispatches}
            for step in draft.walk.steps:
                for sent in step.dispatches:
                    unsent = not sent.run_id and self.wishes.get(sent.id, ("", ""))[1] in ("wished", "kept")
                    if (sent.status in OPEN or sent.status is Status.HELD) and not unsent and sent.id not in moved:
                        self.doomed[sent.id] = sent.attempt

    def _after(self, place, decision):
        self._check_dispatches(place, decision)
        for draft in decision.new:
            about = draft.rollout.content.rpartition(" of ")[2]
            ours = (place.pull.head_sha, place.pull.merge_sha)
            assert any(same_commit(about, sha) for sha in ours), "an upload of another commit is worked"
        for effect in decision.effects:
            if isinstance(effect, CancelRun):
                walk, sent = self.find(effect.dispatch_id)
                assert sent.run_id
                assert walk.rollout.phase is Phase.PLAN, "an apply was cancelled"
                assert walk.rollout.superseded_by
        for draft in decision.drafts:
            self.check(draft.walk)

    def _check_dispatches(self, place, decision):
        started = [self.find(effect.dispatch_id) for effect in decision.effects if isinstance(effect, StartRun)]
        for walk, sent in started:
            step = walk.steps[sent.step]
            assert not walk.rollout.superseded_by, "something was sent for a rollout that counts no more"
            assert place.pull.open or walk.rollout.phase is Phase.APPLY, "a plan goes on after the end"
            assert all(own_status(walk.steps[parent]) in PASSED for parent in step.parents), "a child before its parent"
            assert str(step.instance) not in self.locked(), "a locked instance was dispatched"
            self.before[sent.id] = (walk.rollout.id, sent)
            name = (walk.rollout.id, sent.step, sent.workflow)
            assert name not in self.raised, "sent twice"
            self.raised.add(name)
        if started:
            walk, last = started[-1]
            together = sum(1 for other, sent in started if other is walk and sent.step == last.step)
            flying = sum(map(self._flying, self.lanes.values()))
            assert flying - together < self.cap, "more than the cap"

    def check(self, walk):
        """See that what is kept in memory is what the facts on disk say, and that it is told rightly."""
        loaded = self.disk.load(walk.rollout.id)
        assert loaded.rollout == walk.rollout
        assert loaded.steps == walk.steps
        assert loaded.ready == walk.ready
        assert loaded.by_dispatch == walk.by_dispatch
        queue = [entry for entry in sorted(walk.queue) if entry[1] in walk.ready]
        assert sorted(set(queue)) == loaded.queue
        queue = list(walk.queue)
        assert Draft(walk).next_ready(len(walk.steps)) == [index for _, index in loaded.queue]
        walk.queue[:] = queue  # looking cleans it up, and the test must not help
        waiting = self.queues.get(walk.rollout.id)
        assert bool(waiting) == bool(walk.ready)
        locked = kept(Draft(walk), self.locked())
        assert (waiting.steps if waiting else 0) == len(walk.ready) - len(locked)
        found = states(walk)
        assert {i for i, state in enumerate(found) if state.status is Status.READY} == walk.ready
        for step, state in zip(walk.steps, found, strict=True):
            if state.status is Status.BLOCKED:
                assert state.cause in ancestors(walk, step.index)
                assert own_status(walk.steps[state.cause]) not in {*PASSED, *OPEN, None}
        for step in walk.steps:
            for sent in step.dispatches:
                if sent.id in self.doomed and sent.run_id and sent.status in OPEN:
                    fresh = self.doomed[sent.id] < sent.attempt > 1
                    assert sent.id in self.cancelled or fresh, "a run of a plan that is over goes on"

    def find(self, dispatch_id):
        for walk in self.walks:
            index = walk.by_dispatch.get(dispatch_id)
            if index is not None:
                return walk, next(d for d in walk.steps[index].dispatches if d.id == dispatch_id)
        raise LookupError(dispatch_id)

    # the mail

    def deliver(self, which=0, *, keep=False):
        """Hand one input over, as gathering would; with `keep` it will come once more."""
        if not self.mail:
            return
        which %= len(self.mail)
        key, event = self.mail[which] if keep else self.mail.pop(which)
        self.handle(key, self._gathered(key, event))

    def deliver_all(self):
        for _ in range(5000):
            self._ring()
            if not self.mail:
                return
            self.deliver()
        raise AssertionError("the lanes nudge each other for ever")

    def _ring(self):
        """See which locks have ended: what waited for that is looked at, and what was kept may be sent."""
        for lane in [lane for lane, when in self.looks.items() if when <= self.now]:
            del self.looks[lane]
            self._nudge(lane)
        for dispatch_id, (lane, how) in self.wishes.items():
            if how == "kept" and not self._lock_on(dispatch_id):
                self.wishes[dispatch_id] = (lane, "wished")

    def _gathered(self, key, event):
        """Read the pull request again, and ask GitHub where two states of one second contradict each other."""
        if isinstance(event, PullChanged | UploadCame) and not self.lags:
            event = replace(event, now=self.lanes[key].facts)
        if isinstance(event, PullChanged) and event.upload and not self.lags:
            event = replace(event, upload=self.uploads(key))
        if isinstance(event, RunReported) and not event.asked:
            try:
                _, sent = self.find(event.dispatch_id)
            except LookupError:
                return event
            if is_tie(sent, event.run):
                return RunReported(event.dispatch_id, self.runs[event.run.run_id].facts, asked=True)
        return event

    # what GitHub does

    def send(self, which=0, how="answered"):
        """Send one wished dispatch: `answered`, `silent` (it runs, the answer is lost), `refused`, `doubted` (held)."""
        wished = [dispatch_id for dispatch_id, (_, state) in self.wishes.items() if state == "wished"]
        if not wished:
            return
        dispatch_id = wished[which % len(wished)]
        key, _ = self.wishes[dispatch_id]
        if lock := self._lock_on(dispatch_id):
            self.wishes[dispatch_id] = (key, "kept")
            self.mail.append((key, KeptBack(dispatch_id, f"locked by {lock.owner}")))
            return
        self.wishes[dispatch_id] = (key, "air")
        if how == "refused":
            walk, refused = self.find(dispatch_id)
            self.raised.discard((walk.rollout.id, refused.step, refused.workflow))  # another upload may try it again
            self.mail.append((key, NotSent(dispatch_id, "GitHub refused it.", held=False)))
            return
        run_id = next(self.numbers)
        _, sent = self.find(dispatch_id)
        told = run_facts(run_id, workflow=sent.workflow, title=dispatch_id, updated_at=self.now, started_at=self.now)
        self.runs[run_id] = Run(told, dispatch_id, key)
        if how != "doubted":
            self.mail.append((key, RunReported(dispatch_id, told)))
        if how == "answered":
            self.mail.append((key, Sent(dispatch_id, run_id, told.url)))
        elif how == "doubted":
            self.mail.append((key, NotSent(dispatch_id, "Nobody can tell.", held=True)))

    def look(self):
        """Look for what may have been sent, and ask about every run: what webhooks missed comes in."""
        for run in self.runs.values():
            self.mail.append((run.lane, RunReported(run.dispatch_id, run.facts, asked=True)))

    def move(self, run, status, conclusion="", *, attempt=0, lost=False):
        """Change a run at GitHub, and tell it unless the webhook gets lost."""
        run.facts = replace(
            run.facts,
            status=status,
            conclusion=conclusion,
            attempt=attempt or run.facts.attempt,
            updated_at=self.now,
            started_at=self.now if attempt else run.facts.started_at,
        )
        if not lost:
            self.mail.append((run.lane, RunReported(run.dispatch_id, run.facts)))

    def cancel(self):
        """Carry the cancels out."""
        for dispatch_id in self.cancels:
            for run in self.runs.values():
                if run.dispatch_id == dispatch_id and run.open:
                    self.move(run, "completed", "cancelled")
        self.cancels.clear()

    def finish_runs(self, conclusion="success"):
        """Send everything and end every run, until nothing moves any more."""
        for _ in range(1000):
            self.cancel()
            while any(state == "wished" for _, state in self.wishes.values()):
                self.send()
            for run in [run for run in self.runs.values() if run.open]:
                self.now += 1
                self.move(run, "completed", conclusion)
            if not self.mail:
                return
            self.deliver_all()
        raise AssertionError("it never ends")

    # what people do

    def locked(self):
        """Read the locks that hold now."""
        return {name: lock for name, lock in self.locks.items() if lock.until > self.now}

    def lock(self, component, seconds=60.0):
        """Lock an instance, or renew its lock; the lanes that wait are nudged, as the web side does."""
        name = str(at(component))
        self.locks[name] = Lock(name, "lock-1", "dora in run 5", "Upgrading.", self.now + seconds)
        self._nudge_waiting()

    def unlock(self, component):
        if self.locks.pop(str(at(component)), None):
            self._nudge_waiting()

    def _nudge_waiting(self):
        for queue in self.queues.values():
            self._nudge(queue.lane)

    def _lock_on(self, dispatch_id):
        walk, sent = self.find(dispatch_id)
        return self.locked().get(str(walk.steps[sent.step].instance))

    def change(self, key, action, **changes):
        """Change a pull request at GitHub; its webhook is on its way."""
        place = self.lanes[key]
        place.facts = replace(place.facts, updated_at=self.now, **changes)
        told = PullChanged(action, place.facts.head_sha, self.now, place.facts)
        self.mail.append((key, told))
        return told

    def push(self, key, sha=""):
        self.change(key, "synchronize", head_sha=sha or sha_of(next(self.numbers) * 7919))

    def label(self, key):
        """Add a label; with it comes the head's last upload, if there is one."""
        self.change(key, "labeled")
        _, told = self.mail.pop()
        self.mail.append((key, replace(told, upload=self.uploads(key))))

    def merge(self, key):
        merge_sha = sha_of(next(self.numbers) * 7907)
        self.change(key, "closed", open=False, merged=True, merge_sha=merge_sha, merged_at=self.now)

    def upload(self, key, made, *, content="one", sha="", received_at=0.0, claims=None):
        """Bring an upload of the head, or of another commit; with it the pull request as GitHub has it now."""
        facts = self.lanes[key].facts
        about = sha or facts.head_sha
        told = Upload(about, facts.base_sha, f"{content} of {about}", received_at or self.now, made, claims)
        self.mail.append((key, UploadCame(told, facts)))
        self.last[key] = told

    def uploads(self, key):
        """Find the last upload of a pull request's head, as the bot keeps it."""
        kept = self.last.get(key)
        return kept if kept and kept.head_sha == self.lanes[key].facts.head_sha else None


def _has(walk, dispatch_id):
    return dispatch_id in walk.by_dispatch


def ancestors(walk, index):
    found, todo = set(), [index]
    while todo:
        for parent in walk.steps[todo.pop()].parents:
            if parent not in found:
                found.add(parent)
                todo.append(parent)
    return found


def call(workflow, **inputs):
    return Call(workflow, tuple(sorted(inputs.items())))
