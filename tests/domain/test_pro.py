"""From `settings.pro` to the inputs that are sent."""

from dataclasses import replace

import pytest

from bot.domain.graph import Instance
from bot.domain.pro import (
    Call,
    Phase,
    ProProblem,
    WorkflowFile,
    calls,
    enabled,
    final_inputs,
    notes,
    offers,
    phase,
    workflows,
)

VPC = Instance("plat-ue2-dev", "net/vpc")
SHA = "5f2d4c0a9b7e4c1d8a3b6e5f4d2c1b0a9f8e7d6c"
PLAN = WorkflowFile(
    "plan.yaml",
    inputs=frozenset({"sha", "atmos_pro_run_id", "component", "stack"}),
    required=frozenset({"component", "stack"}),
    run_name_has_id=True,
    dispatchable=True,
    on_default_branch=True,
)
GIVEN = Call("plan.yaml", (("component", "net/vpc"), ("stack", "plat-ue2-dev")))


def pro_of(inputs, workflow="plan.yaml"):
    return {"pull_request": {"synchronize": {"workflows": {workflow: {"inputs": inputs}}}}}


def call(inputs, workflow="plan.yaml"):
    (only,) = calls(pro_of(inputs, workflow), "pull_request.synchronize", instance=VPC, sha=SHA)
    return only


@pytest.mark.parametrize(
    ("activity", "expected"),
    [
        ("pull_request.opened", Phase.PLAN),
        ("pull_request.synchronize", Phase.PLAN),
        ("pull_request.reopened", Phase.PLAN),
        ("pull_request.ready_for_review", Phase.PLAN),
        ("merge_group.checks_requested", Phase.PLAN),
        ("pull_request.merged", Phase.APPLY),
        ("pull_request.labeled", Phase.APPLY),
        ("pull_request.closed", Phase.APPLY),
        ("release.published", Phase.APPLY),
        ("release.opened", Phase.APPLY),
    ],
)
def test_phase(activity, expected):
    assert phase(activity) is expected


@pytest.mark.parametrize(
    ("pro", "expected"),
    [
        (None, False),
        ({}, True),
        ({"enabled": None}, True),
        ({"enabled": True}, True),
        ({"enabled": False}, False),
        ({"enabled": "false"}, False),
        ({"enabled": " True "}, True),
        ({"enabled": 0}, False),
    ],
)
def test_enabled(pro, expected):
    assert enabled(pro) is expected


def test_what_is_neither_on_nor_off_is_told():
    with pytest.raises(ProProblem, match="neither true nor false"):
        enabled({"enabled": "{{ .vars.on }}"})
    assert offers({"enabled": "maybe"}, "pull_request.merged")


@pytest.mark.parametrize(
    ("pro", "activity", "expected"),
    [
        (None, "pull_request.merged", []),
        ({}, "pull_request.merged", []),
        ({"pull_request": None}, "pull_request.merged", []),
        ({"pull_request": {"merged": None}}, "pull_request.merged", []),
        ({"pull_request": {"merged": {"workflows": None}}}, "pull_request.merged", []),
        ({"pull_request": {"merged": {"workflows": {"a.yaml": None}}}}, "pull_request.merged", ["a.yaml"]),
        (
            {"release": {"published": {"workflows": {"b.yml": {}, "a.yml": {}}}}},
            "release.published",
            ["a.yml", "b.yml"],
        ),
        (pro_of({}), "merge_group.checks_requested", ["plan.yaml"]),
        (pro_of({}) | {"merge_group": {"checks_requested": {"workflows": {}}}}, "merge_group.checks_requested", []),
        ({"drift_detection": {"detect": {"workflows": {"a.yaml": {}}}}}, "drift_detection.detect", []),
        ({"enabled": "no"} | pro_of({}), "pull_request.synchronize", []),
    ],
)
def test_which_files_an_activity_names(pro, activity, expected):
    assert [call.workflow for call in calls(pro, activity, instance=VPC, sha=SHA)] == expected
    assert offers(pro, activity) is bool(expected)


@pytest.mark.parametrize(
    ("pro", "path"),
    [
        ({"pull_request": []}, "`settings.pro.pull_request` is not a mapping"),
        ({"pull_request": {"merged": "x"}}, "`settings.pro.pull_request.merged` is not"),
        (
            {"pull_request": {"merged": {"workflows": ["a.yaml"]}}},
            "`settings.pro.pull_request.merged.workflows` is not",
        ),
        ({"pull_request": {"merged": {"workflows": {"a.yaml": 1}}}}, "workflows.a.yaml` is not"),
        ({"pull_request": {"merged": {"workflows": {"a.yaml": {"inputs": []}}}}}, "workflows.a.yaml.inputs` is not"),
    ],
)
def test_a_malformed_block_is_told_with_its_path(pro, path):
    with pytest.raises(ProProblem, match=path.replace(".", r"\.")):
        workflows(pro, "pull_request.merged")
    assert offers(pro, "pull_request.merged")


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("plain", "plain"),
        ("", ""),
        (True, "true"),
        (False, "false"),
        (3, "3"),
        (0.5, "0.5"),
        ("{{ .atmos_component }}", "net/vpc"),
        ("{{.atmos_stack}}-{{  .sha  }}", f"plat-ue2-dev-{SHA}"),
        ("a } b {", "a } b {"),
        ("really!", "really!"),
    ],
)
def test_inputs_become_text(value, sent):
    assert call({"x": value}).inputs == (("x", sent),)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("{{ .vars.stage }}", "still holds the template"),
        ("{{ .atmos_component", "still holds the template"),
        ("{{{ .sha }}{", "still holds the template"),
        ("{{ .sha | upper }}", "still holds the template"),
        ("!terraform.output vpc id", "still holds the YAML function"),
        ("(computed)", "is `\\(computed\\)`"),
        (None, "has no value"),
        ({"a": 1}, "has a nested value"),
        (["a"], "has a nested value"),
    ],
)
def test_what_cannot_be_sent_is_told(value, said):
    with pytest.raises(ProProblem, match=f"The input `x` {said}"):
        call({"x": value})


def test_inputs_are_sorted_by_name():
    assert [name for name, _ in call({"b": "1", "a": "2"}).inputs] == ["a", "b"]


@pytest.mark.parametrize(
    "name", ["plan", "../plan.yaml", ".github/workflows/plan.yaml", "a b.yml", "-x.yml", ".yml", "a.yml\n"]
)
def test_only_plain_file_names_are_workflows(name):
    with pytest.raises(ProProblem, match="not the plain name of a workflow file"):
        call({}, workflow=name)


def final(given=GIVEN, file=PLAN, applies=False):
    return final_inputs(given, file, sha=SHA, dispatch_id="d-1", phase_is_apply=applies)


def with_inputs(**more):
    return Call("plan.yaml", tuple(sorted((dict(GIVEN.inputs) | more).items())))


def declaring(*names):
    return replace(PLAN, inputs=frozenset({"component", "stack", *names}))


def test_the_commit_and_the_dispatch_id_are_added_where_declared():
    own = {"component": "net/vpc", "stack": "plat-ue2-dev"}
    assert final() == own | {"sha": SHA, "atmos_pro_run_id": "d-1"}
    assert final(file=declaring()) == own
    assert final(with_inputs(sha=SHA, atmos_pro_run_id="theirs"), declaring("atmos_pro_run_id")) == own | {
        "atmos_pro_run_id": "d-1"
    }


def test_a_plan_does_without_its_reporting_inputs():
    given = with_inputs(upload="true", upload_status="true")
    assert set(final(given)) == {"component", "stack", "sha", "atmos_pro_run_id"}
    assert final(given, declaring("upload", "upload_status"))["upload"] == "true"
    assert notes(given, PLAN, phase_is_apply=False) == (
        "`upload` was not sent, because `plan.yaml` does not declare it.",
        "`upload_status` was not sent, because `plan.yaml` does not declare it.",
    )
    assert notes(given, None, phase_is_apply=False) == notes(given, PLAN, phase_is_apply=True) == ()


@pytest.mark.parametrize(
    ("given", "file", "applies", "said"),
    [
        (GIVEN, None, False, "does not exist on the branch that it would run on; add it"),
        (GIVEN, replace(PLAN, on_default_branch=False), False, "not on the default branch.*merge it there first"),
        (GIVEN, replace(PLAN, dispatchable=False), False, "no `workflow_dispatch` trigger.*add it"),
        (
            with_inputs(github_environment="prod"),
            PLAN,
            False,
            "`github_environment`, which `plan.yaml` does not declare",
        ),
        (with_inputs(upload="true"), PLAN, True, "`upload`, which `plan.yaml` does not declare"),
        (
            Call("plan.yaml", (("stack", "s"),)),
            PLAN,
            False,
            "requires the input `component`, which the stack does not give",
        ),
        (GIVEN, declaring("atmos_pro_run_id"), True, "does not declare the input `sha`.*declare it"),
        (with_inputs(sha="0" * 40), PLAN, False, "sets the input `sha`.*remove the input"),
        (with_inputs(x="y" * 65_535), declaring("x"), False, "longer than the 65535 characters"),
        (
            with_inputs(**{f"x{index}": "" for index in range(24)}),
            declaring(*(f"x{index}" for index in range(24))),
            False,
            "26 inputs, but GitHub takes at most 25",
        ),
    ],
)
def test_what_forbids_a_dispatch(given, file, applies, said):
    with pytest.raises(ProProblem, match=said):
        final(given, file, applies)
