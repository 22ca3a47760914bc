"""What the stories of this folder share: small repositories, and what must be true whatever went wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.sandbox import Run, example
from bot.sandbox.atmos import Configured, Model
from bot.sandbox.hub import Hub
from tests.rig import Rig, label_of

#: As many times as anybody may ask.
FOREVER = 1_000_000

PLAN_PATH = f".github/workflows/{example.PLAN}"
APPLY_PATH = f".github/workflows/{example.APPLY}"

Needs = Mapping[str, tuple[str, ...]]
ONE: Needs = {"vpc": ()}
CHAIN: Needs = {"vpc": (), "database": ("vpc",), "api": ("database",)}
#: Two roots, and a diamond below one of them.
DIAMOND: Needs = {
    "vpc": (),
    "storage": (),
    "database": ("vpc",),
    "cache": ("vpc",),
    "api": ("database", "cache"),
}


def wide(count: int) -> Needs:
    """Name components that depend on nothing."""
    return {f"part-{number:02}": () for number in range(count)}


def model(needs: Needs, *stacks: str) -> Model:
    """Configure components in some stacks, one `dev` by default; each needs others of its own stack."""
    return Model(
        {
            (stack, component): Configured(
                settings={"pro": example.settings_pro(component, stack)},
                needs=tuple((stack, need) for need in below),
                path=f"components/terraform/{component}",
            )
            for stack in stacks or ("dev",)
            for component, below in needs.items()
        }
    )


def without_id(path: str) -> dict[str, str]:
    """Write the example's files, one of them with titles that do not carry the dispatch id."""
    tree = example.files()
    tree[path] = tree[path].replace("/${{ inputs.atmos_pro_run_id }}", "")
    return tree


def dispatched_runs(hub: Hub) -> list[Run]:
    """List the dispatched runs of all repositories, oldest first."""
    return [run for run in sorted(hub.runs.values(), key=lambda run: run.id) if run.event == "workflow_dispatch"]


def assert_sound(hub: Hub, needs: Needs) -> None:
    """Check what must be true after any trouble: each step is sent once for a commit, after its parents succeeded."""
    runs = dispatched_runs(hub)
    names = [(run.inputs["sha"], label_of(run)) for run in runs]
    assert len(names) == len(set(names)), f"sent twice: {sorted({name for name in names if names.count(name) > 1})}"
    by_name = dict(zip(names, runs, strict=True))
    for (sha, label), run in by_name.items():
        verb, _, instance = label.partition(" ")
        stack, _, component = instance.partition("/")
        for need in needs[component]:
            parent = by_name.get((sha, f"{verb} {stack}/{need}"))
            if parent is not None:
                done = [one.updated_at for one in parent.attempts if one.conclusion == "success"]
                assert done, f"{label} went although {need} did not succeed"
                assert min(done) <= run.created_at, f"{label} went before {need} was done"


def labels(verb: str, needs: Needs, *stacks: str) -> set[str]:
    """Name every run that a whole rollout starts."""
    return {f"{verb} {stack}/{component}" for stack in stacks or ("dev",) for component in needs}


def requests(rig: Rig, method: str, path: str, *, since: int = 0) -> list[str]:
    """List the paths that the bot asked for, to see whom it asked and when."""
    return [one.path for one in rig.sandbox.requests[since:] if one.method == method and path in one.path]


def first_line(text: str) -> str:
    """Read the first line of a comment that is seen: the verdict, the next move, and as of when."""
    return next(line.removeprefix("### ") for line in text.splitlines() if line.startswith("### "))


def headline(text: str) -> str:
    """Read the verdict in the first line of a comment: what is going on."""
    return first_line(text).partition(" · as of ")[0].partition(" — ")[0]


def line_of(text: str, component: str) -> str:
    """Read a component's row of a comment's table."""
    return next(line for line in text.splitlines() if line.startswith("| ") and f"| `{component}` |" in line)


def most_at_once(runs: Sequence[Run]) -> int:
    """Tell how many of these runs were queued or running at the same time."""
    moves = [(run.created_at, 1) for run in runs] + [(run.latest.updated_at, -1) for run in runs]
    now = most = 0
    for _, move in sorted(moves):
        now += move
        most = max(most, now)
    return most
