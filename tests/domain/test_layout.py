"""From a graph to steps: what is dispatched, what only keeps its place, and what never can be."""

import pytest

from bot.domain.destroys import REMOVED
from bot.domain.graph import Graph, Node
from bot.domain.layout import lay_out, takes_no_sha, workflows_of
from bot.domain.pro import ProProblem
from tests.domain.world import FILES, at, file, graph, node, pro, sha_of

ACTIVITY = "pull_request.synchronize"


def laid(text, *, activity=ACTIVITY, files=FILES, **settings):
    """Lay a graph out; steps by component."""
    made = lay_out(graph(text, **settings), activity=activity, sha=sha_of(1), files=files)
    return {step.instance.component: step for step in made.steps}


def edges(steps):
    names = {step.index: name for name, step in steps.items()}
    assert {(p, s.index) for s in steps.values() for p in s.parents} == {
        (s.index, c) for s in steps.values() for c in s.children
    }
    return {f"{names[parent]}>{name}" for name, step in steps.items() for parent in step.parents}


def given(inputs, workflow="plan.yaml", activity="synchronize"):
    return {"pull_request": {activity: {"workflows": {workflow: {"inputs": inputs}}}}}


def test_steps_stand_in_dependency_order_with_their_chains():
    made = lay_out(graph("c>b b>a d"), activity=ACTIVITY, sha=sha_of(1), files=FILES).steps
    assert [(step.instance.component, step.index, step.chain) for step in made] == [
        ("c", 0, 3),
        ("d", 1, 1),
        ("b", 2, 2),
        ("a", 3, 1),
    ]
    assert edges({step.instance.component: step for step in made}) == {"c>b", "b>a"}


def test_calls_carry_the_filled_inputs_and_leave_the_dispatch_id_open():
    (call,) = laid("a")["a"].calls
    assert call.workflow == "plan.yaml"
    assert dict(call.inputs) == {"component": "a", "stack": "dev", "sha": sha_of(1), "atmos_pro_run_id": ""}


@pytest.mark.parametrize("settings", [{}, pro(plan=()), pro() | {"enabled": False}])
def test_what_names_no_workflow_only_keeps_its_place(settings):
    made = lay_out(graph("a>x x>b b>y", x=settings, y=settings), activity=ACTIVITY, sha=sha_of(1), files=FILES)
    assert made.passed_through == 2
    assert edges({step.instance.component: step for step in made.steps}) == {"a>b"}


def test_what_was_removed_is_left_for_people_and_opens_the_way():
    steps = laid("a>b b>c", b=None)
    assert (steps["b"].manual, steps["b"].calls) == (REMOVED, ())
    assert edges(steps) == {"a>b", "b>c"}


def test_an_instance_with_a_problem_is_a_step_that_tells_it():
    broken = Node(at("b"), problem="Two components have this name.")
    made = Graph.of([node("a", pro()), broken], [(at("a"), at("b"))])
    assert lay_out(made, activity=ACTIVITY, sha=sha_of(1), files=FILES).steps[1].problem == broken.problem


@pytest.mark.parametrize(
    ("text", "settings", "path", "members"),
    [
        ("a>b b>a", {}, "`dev/a` → `dev/b` → `dev/a`", "ab"),
        ("a>a", {}, "`dev/a` → `dev/a`", "a"),
        ("r>a a>b b>c c>a c>d", {}, "`dev/a` → `dev/b` → `dev/c` → `dev/a`", "abc"),
        ("a>x x>b b>a", {"x": {}}, "`dev/a` → `dev/x` → `dev/b` → `dev/a`", "ab"),
        ("a>x x>a", {"x": {}}, "`dev/a` → `dev/x` → `dev/a`", "a"),
        ("a>b b>a", {"b": None}, "`dev/a` → `dev/b` → `dev/a`", "ab"),
    ],
)
def test_a_cycle_is_told_by_its_whole_path(text, settings, path, members):
    steps = laid(text, **settings)
    for name, step in steps.items():
        if name in members:
            told = f"It is part of a dependency cycle, {path}, so it has no order."
            assert step.problem == f"{told} Take one of these dependencies out."
            assert step.calls == ()
        else:
            assert step.problem == ""


def test_a_cycle_of_what_is_passed_through_stops_nobody():
    steps = laid("a>x x>y y>x y>b", x={}, y={})
    assert edges(steps) == {"a>b"}
    assert {step.problem for step in steps.values()} == {""}


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"plan.yaml": None}, "`.github/workflows/plan.yaml` does not exist on the branch"),
        ({}, "`.github/workflows/plan.yaml` does not exist on the branch"),
        ({"plan.yaml": ProProblem("The file is no YAML.")}, "The file is no YAML."),
        (
            {"plan.yaml": file("plan.yaml", inputs=("stack",))},
            "gives the input `component`, which `plan.yaml` does not",
        ),
        (
            {"plan.yaml": file("plan.yaml", inputs=("stack", "component", "region"), required=("region",))},
            "`plan.yaml` requires the input `region`",
        ),
    ],
)
def test_what_the_workflow_file_forbids_fails_the_step_and_no_other(files, problem):
    steps = laid("a b", files=FILES | {"plan.yaml": None} | files if files else {}, b=pro(plan=("lint.yaml",)))
    assert problem in steps["a"].problem
    assert steps["a"].calls == ()
    assert bool(steps["b"].problem) is (not files)


def test_an_input_that_an_apply_does_not_declare_fails_the_step():
    settings = given({"github_environment": "prod"}, "apply.yaml", "merged")
    step = laid("a", activity="pull_request.merged", a=settings)["a"]
    assert "gives the input `github_environment`, which `apply.yaml` does not declare" in step.problem


def test_an_apply_must_take_the_commit():
    bare = file("apply.yaml", inputs=("component", "stack"))
    step = laid("a", activity="pull_request.merged", files=FILES | {"apply.yaml": bare})["a"]
    assert "`apply.yaml` does not declare the input `sha`" in step.problem


def test_a_plan_leaves_out_what_it_can_do_without_and_says_so():
    step = laid("a", a=given({"upload": True, "upload_status": True}))["a"]
    assert step.problem == ""
    assert dict(step.calls[0].inputs) == {"sha": sha_of(1), "atmos_pro_run_id": ""}
    assert step.notes == (
        "`upload` was not sent, because `plan.yaml` does not declare it.",
        "`upload_status` was not sent, because `plan.yaml` does not declare it.",
    )


def test_a_step_with_one_bad_file_of_two_is_not_sent_at_all():
    step = laid("a", files=FILES | {"lint.yaml": None}, a=pro(plan=("plan.yaml", "lint.yaml")))["a"]
    assert "`.github/workflows/lint.yaml` does not exist" in step.problem
    assert step.calls == ()


def test_without_files_they_are_taken_as_they_are_named():
    step = laid("a", files=None)["a"]
    assert dict(step.calls[0].inputs) == {"component": "a", "stack": "dev"}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (pro(), {"plan.yaml"}),
        (pro(plan=("plan.yaml", "lint.yaml")), {"plan.yaml", "lint.yaml"}),
        (pro() | {"enabled": False}, set()),
        (None, set()),
        ({}, set()),
        ({"pull_request": "yes"}, set()),
        (pro(plan=("../../../../user", "plan.yaml", "a/b.yaml", "plan.exe", "")), {"plan.yaml"}),
    ],
)
def test_only_files_that_may_be_dispatched_are_read(settings, expected):
    assert workflows_of(graph("a", a=settings), ACTIVITY) == expected


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (file("plan.yaml"), False),
        (file("plan.yaml", inputs=("stack",)), True),
        (None, False),
        (ProProblem("No."), False),
    ],
)
def test_a_file_that_takes_no_commit_runs_on_the_tip(found, expected):
    assert takes_no_sha({"plan.yaml": found}, frozenset({"plan.yaml"})) is expected
