"""Every state that the comment can be in, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot.domain.facts import Gate
from bot.domain.keeping import Keeper, Keeping
from bot.domain.locks import Lock
from bot.domain.model import Status
from bot.domain.rollout import Walk
from bot.domain.view import PullView
from tests.renderers.world import (
    MERGE,
    MERGED,
    NOON,
    SERVER,
    Key,
    dispatch,
    environment,
    past,
    view,
    walk,
    wide,
)

DEV, PROD = "plat-dev", "plat-prod"
SMALL: dict[Key, tuple[Key, ...]] = {
    (DEV, "vpc"): (),
    (DEV, "database"): ((DEV, "vpc"),),
    (DEV, "cluster"): ((DEV, "vpc"),),
    (DEV, "api"): ((DEV, "database"), (DEV, "cluster")),
}
VPC, DATABASE, CLUSTER, API = SMALL
RUNNING, QUEUED = {"status": Status.RUNNING}, {"status": Status.QUEUED}
FAILED, APPROVAL = {"status": Status.FAILED}, {"status": Status.APPROVAL}
DEV_GATE = Gate(("dev",), ("alice",), NOON + 30)
APPLY = "pull_request.merged"
THREE = environment("plat-dev", "plat-staging", "plat-prod")
NO_FILE = {
    **FAILED,
    "reason": "`atmos-terraform-plan.yaml` is not on the default branch `main`, so GitHub starts it nowhere; merge it.",
    "run_url": "",
    "run_id": 0,
    "attempt": 0,
    "started_at": 0.0,
    "finished_at": 0.0,
    "conclusion": "",
}
NOT_APPLIED = (
    "Nothing is applied: `release/1` is not the default branch, and `SWITCHYARD_APPLY_BRANCHES` does not name it."
)
DELETED = {"manual": "It was deleted; destroy it by hand, or name a workflow for `pull_request.deleted`."}
PUSHED = f"a push of {MERGE[:7]}"
EXIT = "Terraform found changes, but `ci.enabled` is off, so the job failed; turn it on in `atmos.yaml`."
DOUBT = (
    "GitHub did not answer the dispatch, and no run carries its id: one of "
    f"{SERVER}/acme/infra/actions/runs/19000000777 and {SERVER}/acme/infra/actions/runs/19000000778 may be it."
)


def locked(one):
    """Show a rollout of which some steps that could go are locked."""
    found = ((index, LOCKS.get(str(one.steps[index].instance))) for index in one.ready)
    ready = {index: Keeper("", lock=lock) for index, lock in found if lock}
    return view(one, kept={one.rollout.id: Keeping(None, ready)})


_LONG = "Upgrading `database` | see <b>#42</b>, ask @acme/admins. " * 9
LOCKS = {
    name: Lock(name, f"lock-{number}", owner, message, NOON + hours * 3_600)
    for number, (name, owner, message, hours) in enumerate(
        [
            ("plat-dev/database", "octocat in run 123", _LONG, 2.1),
            ("plat-dev/cluster", "the key ci", "", 48),
            ("plat-dev/api", "octocat in run 123", "It waits for others anyway.", 1),
        ]
    )
}


def _planned() -> Walk:
    return walk(SMALL, succeeded=SMALL)


def _merged(*walks: Walk, **more: object) -> PullView:
    return view(*walks, _planned(), pull=MERGED, minutes=14, **more)


def _apply(needs: dict[Key, tuple[Key, ...]] = SMALL, **more: object) -> Walk:
    return walk(needs, activity=APPLY, sha=MERGE, ref="main", **more)  # type: ignore[arg-type]


def three_stacks() -> Walk:
    """Thirty instances, with something of everything."""
    done = {
        (s, c) for s, c in THREE if s == "plat-dev" or (s == "plat-staging" and c in ("vpc", "object-storage", "cache"))
    }
    facts: dict[Key, dict[str, object]] = {
        ("plat-staging", "database"): {
            "status": Status.FAILED,
            "reason": "The job `apply` failed in `terraform apply`.",
        },
        ("plat-staging", "load-balancer"): RUNNING,
        ("plat-prod", "vpc"): {"status": Status.APPROVAL, "gate": Gate(("prod",))},
        ("plat-prod", "object-storage"): QUEUED,
    }
    return _apply(THREE, succeeded=done, facts=facts)


def _many(size: int, *, activity: str = APPLY) -> Walk:
    """A large rollout: most succeeded, some failed, some run, and the rest waits or is blocked."""
    needs = wide(size)
    keys = list(needs)
    facts: dict[Key, dict[str, object]] = {key: {"status": Status.SUCCEEDED} for key in keys[: size * 2 // 3]}
    facts |= dict.fromkeys(keys[5 : size // 2 : max(20, size // 15)], FAILED)
    facts |= {key: RUNNING for key in keys[size * 2 // 3 : size * 2 // 3 + 8] if not needs[key]}
    facts |= {keys[20]: FAILED, **{key: {} for key in keys[21:25]}}
    return walk(needs, activity=activity, facts=facts)


def _cycle() -> Walk:
    needs: dict[Key, tuple[Key, ...]] = {
        VPC: (),
        (DEV, "dns"): ((DEV, "mesh"),),
        (DEV, "mesh"): ((DEV, "dns"),),
        API: ((DEV, "mesh"),),
    }
    problem = (
        "`plat-dev/dns` → `plat-dev/mesh` → `plat-dev/dns` is a cycle, so nothing in it can go first; "
        "take one dependency away."
    )
    return walk(needs, succeeded=[VPC], facts={(DEV, "dns"): {"problem": problem}, (DEV, "mesh"): {"problem": problem}})


def _refused() -> Walk:
    bad = "x|`id` <b>@acme/admins</b> #1"
    problem = (
        "The component name `x|id <b>@acme/admins</b> #1` is refused, because only letters, digits and "
        "`_ . - / + @ = :`, at most 200 of them, are passed on to workflows; rename the component."
    )
    return walk({**SMALL, (DEV, bad): ()}, succeeded=SMALL, facts={(DEV, bad): {"problem": problem}})


def _two_files() -> Walk:
    ready = walk(SMALL, succeeded=[VPC])
    ready.steps[1] = replace(
        ready.steps[1],
        dispatches=(
            dispatch(1, Status.SUCCEEDED, "plan.yaml"),
            dispatch(1, Status.FAILED, "policy.yaml", attempt=2, reason="Two rules were broken."),
        ),
        notes=("`upload` is not declared by `policy.yaml` and was left out.",),
    )
    return ready


def _told(status: Status, result: str, **facts: object) -> dict[str, object]:
    return {"status": status, "result": result, "result_attempt": 1, **facts}


def _told_of_plan() -> Walk:
    """The CLI told how each plan ended, and one job failed because of changes."""
    facts = {
        VPC: _told(Status.SUCCEEDED, "changes"),
        DATABASE: _told(Status.SUCCEEDED, "no changes"),
        CLUSTER: _told(Status.FAILED, "changes"),
    }
    return walk(SMALL, facts=facts)


def _told_of_apply() -> Walk:
    facts = {
        VPC: _told(Status.SUCCEEDED, "applied"),
        DATABASE: _told(Status.FAILED, "error"),
        CLUSTER: _told(Status.TIMED_OUT, "applied"),
        (DEV, "dns"): _told(Status.APPROVAL, "changes", gate=DEV_GATE),
        (DEV, "mesh"): _told(Status.SUCCEEDED, "error"),
    }
    return _apply({**SMALL, (DEV, "dns"): (), (DEV, "mesh"): ()}, facts=facts)


SCENES: dict[str, Callable[[], PullView]] = {
    "waiting_for_upload": lambda: view(
        waiting="The run of `atmos-pro.yaml` for this commit is looking for the affected stacks since 12:01 UTC."
    ),
    "ready": lambda: view(walk(SMALL)),
    "locked": lambda: locked(walk(SMALL, succeeded=[VPC])),
    "dispatching": lambda: view(walk(SMALL, facts={VPC: {"status": Status.DISPATCHING}})),
    "queued": lambda: view(walk(SMALL, facts={VPC: QUEUED})),
    "running": lambda: view(walk(SMALL, succeeded=[VPC], facts={DATABASE: RUNNING, CLUSTER: QUEUED})),
    "approval": lambda: _merged(
        _apply(
            succeeded=[VPC],
            facts={DATABASE: {"status": Status.APPROVAL, "gate": DEV_GATE}, CLUSTER: RUNNING},
        )
    ),
    "approval_only": lambda: _merged(_apply(facts={VPC: {"status": Status.APPROVAL}})),
    "succeeded": lambda: view(_planned(), past=past(2)),
    "one_instance": lambda: view(walk({VPC: ()}, succeeded=[VPC])),
    "failed": lambda: view(walk(SMALL, facts={VPC: {"status": Status.FAILED, "reason": EXIT}})),
    "failed_going_on": lambda: view(walk(SMALL, succeeded=[VPC], facts={DATABASE: FAILED, CLUSTER: RUNNING})),
    "failed_to_start": lambda: view(walk(SMALL, facts={VPC: NO_FILE})),
    "cancelled": lambda: view(walk(SMALL, succeeded=[VPC], facts={DATABASE: {"status": Status.CANCELLED}})),
    "timed_out": lambda: view(walk(SMALL, succeeded=[VPC], facts={DATABASE: {"status": Status.TIMED_OUT}})),
    "told_of_plan": lambda: view(_told_of_plan()),
    "told_of_no_changes": lambda: view(
        walk(SMALL, facts={key: _told(Status.SUCCEEDED, "no changes") for key in SMALL})
    ),
    "told_of_apply": lambda: _merged(_told_of_apply()),
    "held": lambda: _merged(_apply(succeeded=[VPC], facts={DATABASE: {"status": Status.HELD, "reason": DOUBT}})),
    "superseded": lambda: view(walk(SMALL, succeeded=[VPC], facts={DATABASE: RUNNING}, superseded_by=PUSHED)),
    "manual": lambda: _merged(_apply(succeeded=[VPC, DATABASE, CLUSTER], facts={API: DELETED})),
    "cycle": lambda: view(_cycle()),
    "refused_name": lambda: view(_refused()),
    "two_workflow_files": lambda: view(_two_files()),
    "not_applied": lambda: _merged(notes=(NOT_APPLIED,)),
    "empty": lambda: view(walk({})),
    "merged_waiting": lambda: _merged(waiting="The apply starts when the merged run's upload is in."),
    "apply_running": lambda: _merged(_apply(succeeded=[VPC], facts={DATABASE: RUNNING, CLUSTER: QUEUED}), past=past(3)),
    "apply_done": lambda: _merged(_apply(succeeded=SMALL)),
    "nothing": lambda: view(notes=("The run of `atmos-pro.yaml` ended without an upload; its log tells why.",)),
    "three_stacks": lambda: view(three_stacks(), walk(THREE, succeeded=THREE), pull=MERGED, minutes=9),
    "sixty": lambda: view(_many(60), pull=MERGED),
    "many_2422": lambda: view(_many(2_422), pull=MERGED, past=past(30)),
}
