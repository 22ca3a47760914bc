"""What a workflow file says."""

from __future__ import annotations

import pytest

from bot.domain.pro import ProProblem, WorkflowFile
from bot.github.workflows import check_size, parse

PLAN = b"""
name: Plan
run-name: "Plan ${{ inputs.stack }} (${{ inputs.atmos_pro_run_id }})"
on:
  workflow_dispatch:
    inputs:
      sha: {description: commit, required: true, type: string}
      stack: {required: True}
      component:
      upload: {required: true, default: false, type: boolean}
      atmos_pro_run_id: {required: false}
jobs: {}
"""


def read(text):
    return parse("plan.yaml", text if isinstance(text, bytes) else text.encode(), on_default_branch=True)


def test_inputs_and_run_name():
    assert read(PLAN) == WorkflowFile(
        path="plan.yaml",
        inputs=frozenset({"sha", "stack", "component", "upload", "atmos_pro_run_id"}),
        required=frozenset({"sha", "stack"}),
        run_name_has_id=True,
        dispatchable=True,
        on_default_branch=True,
        defaults=(("upload", "false"),),
    )


@pytest.mark.parametrize(
    ("on", "dispatchable"),
    [
        ("on: workflow_dispatch", True),
        ("on: [push, workflow_dispatch]", True),
        ("on:\n  workflow_dispatch:", True),
        ("'on':\n  workflow_dispatch: {}", True),
        ("on: push", False),
        ("on: [push]", False),
        ("on:\n  push:\n    branches: [main]", False),
        ("on:", False),
        ("jobs: {}", False),
        ("on: [{workflow_dispatch: 1}]", False),
    ],
)
def test_every_way_to_write_a_trigger(on, dispatchable):
    found = read(on)
    assert (found.dispatchable, found.inputs) == (dispatchable, frozenset())


@pytest.mark.parametrize(
    ("name", "has_id"),
    [
        ("${{ github.event.inputs.atmos_pro_run_id }}", True),
        ("atmos_pro_run_id", False),
        ("", False),
    ],
)
def test_a_run_name_with_the_dispatch_id(name, has_id):
    assert read(f"on: workflow_dispatch\nrun-name: '{name}'").run_name_has_id is has_id


@pytest.mark.parametrize(
    ("step", "uploads"),
    [
        ("run: atmos describe affected --upload", True),
        ("uses: cloudposse/github-action-atmos-affected-stacks@v6", True),
        ("run: atmos validate stacks", False),
    ],
)
def test_a_file_that_uploads_affected_stacks(step, uploads):
    assert read(f"on: pull_request\njobs: {{a: {{steps: [{{{step}}}]}}}}").uploads is uploads


@pytest.mark.parametrize(
    ("jobs", "environments"),
    [
        ("{a: {environment: prod}}", ("prod",)),
        ("{a: {environment: '${{ inputs.stage }}'}}", ("${{ inputs.stage }}",)),
        ("{a: {environment: {name: \"${{ inputs.stage || 'dev' }}\", url: x}}}", ("${{ inputs.stage || 'dev' }}",)),
        ("{a: {environment: prod}, b: {steps: []}, c: {environment: dev}, d: {environment: prod}}", ("prod", "dev")),
        ("{a: {environment: 5}}", ("5",)),
        ("{a: {environment: ''}, b: {environment: {url: x}}, c: {environment: [x]}}", ("",)),
        ("{a: text, b: [x], c:}", ()),
        ("[a]", ()),
    ],
)
def test_the_environments_of_jobs_as_written(jobs, environments):
    assert read(f"on: workflow_dispatch\njobs: {jobs}").environments == environments


def test_defaults_of_inputs():
    text = "on: {workflow_dispatch: {inputs: {a: {default: dev}, b: {default: }, c: {default: [x]}, d: {}, e: text}}}"
    assert read(text).defaults == (("a", "dev"), ("b", ""), ("c", ""))


def test_odd_inputs_are_no_reason_to_fail():
    assert read("on: {workflow_dispatch: {inputs: [a, b]}}").inputs == frozenset()
    assert read("on: {workflow_dispatch: {inputs: {a: text, 1: {required: yes}}}}").inputs == frozenset({"a", "1"})


@pytest.mark.parametrize(
    "text",
    ["", "- a", "text", "on: [", "a: &a [*a]", "[" * 5000, "{a: " * 5000, "- " * 50_000, b"\xff\xfe\x00", b"\x00"],
    ids=range(10),
)
def test_what_cannot_be_understood_is_told(text):
    with pytest.raises(ProProblem, match=r"`plan.yaml` is not YAML that can be read"):
        read(text)


def test_a_bomb_of_aliases_does_not_go_off():
    doubled = "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
    merged = "".join(f"b{n}: &b{n}\n  <<: [*b{n - 1}, *b{n - 1}]\n" for n in range(1, 60))
    text = f"on: workflow_dispatch\na0: &a0 [x]\n{doubled}b0: &b0 {{x: 1}}\n{merged}"
    assert read(text).dispatchable


def test_no_object_is_built():
    assert read("on: workflow_dispatch\nx: !!python/object/apply:os.getcwd []").dispatchable


def test_a_file_that_is_too_large():
    check_size("plan.yaml", 256 * 1024)
    with pytest.raises(ProProblem, match="larger than 256 kB"):
        check_size("plan.yaml", 256 * 1024 + 1)


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("on: push", ()),
        ("on: push\nconcurrency: terraform", ("terraform",)),
        ("on: push\nconcurrency: {group: '${{ inputs.stack }}', cancel-in-progress: true}", ("${{ inputs.stack }}",)),
        ("on: push\nconcurrency: a\njobs: {x: {concurrency: b}, y: {concurrency: {group: a}}, z: {}}", ("a", "b")),
        ("on: push\nconcurrency: [a]\njobs: {x: {concurrency: {queue: max}}, y: 1}", ()),
    ],
)
def test_groups_of_concurrency(text, groups):
    assert read(text).groups == groups


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("ATMOS_PRO_WORKSPACE_ID: ws_one", ("ws_one",)),
        ("ATMOS_PRO_WORKSPACE_ID: 'ws-one' ", ("ws-one",)),
        ('ATMOS_PRO_WORKSPACE_ID:  "ws.one"\r', ("ws.one",)),
        ("ATMOS_PRO_WORKSPACE_ID: ${{ vars.ATMOS_PRO_WORKSPACE_ID }}", ()),
        ("ATMOS_PRO_WORKSPACE_ID:", ()),
    ],
)
def test_a_workspace_that_is_written_out(line, found):
    assert read(f"env:\n  {line}\njobs: {{}}\n").workspaces == found
