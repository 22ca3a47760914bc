"""The expression language of workflow files, and what a file says."""

import pytest

from bot.sandbox.expressions import ExpressionError, condition, evaluate, substitute
from bot.sandbox.workflowfile import WorkflowError, parse

CONTEXT = {
    "inputs": {"component": "vpc", "flag": "true"},
    "github": {"event": {"action": "closed", "number": 7, "labels": [{"name": "Bug"}, {"name": "x"}], "merged": False}},
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("inputs.component", "vpc"),
        ("inputs['component']", "vpc"),
        ("inputs.missing.more", None),
        ("github.event.labels.*.name", ["Bug", "x"]),
        ("github.event.labels[1].name", "x"),
        ("contains(github.event.labels.*.name, 'bug')", True),
        ("contains('terraform', 'FORM')", True),
        ("!contains(github.event.labels.*.name, 'y') && github.event.action == 'Closed'", True),
        ("github.event.action != 'closed' || github.event.merged", False),
        ("(github.event.number >= 7) == true", True),
        ("inputs.missing || 'default'", "default"),
        ("format('{0}-{1}', inputs.component, github.event.number)", "vpc-7"),
        ("startsWith('refs/heads/main', 'refs/heads/')", True),
        ("'it''s'", "it's"),
        ("null == ''", True),
    ],
)
def test_values(text: str, value: object) -> None:
    assert evaluate(text, CONTEXT) == value


@pytest.mark.parametrize("text", ["", "a +", "unknown.x", "nofunction(1)", "(1", "inputs.component inputs"])
def test_what_cannot_be_read(text: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(text, CONTEXT)


def test_texts_and_conditions() -> None:
    assert substitute("${{ inputs.component }}/${{ github.event.merged }}/${{ inputs.no }}", CONTEXT) == "vpc/false/"
    assert condition("${{ inputs.flag == 'true' }}", CONTEXT)
    assert condition("github.event.merged == false", CONTEXT)
    assert not condition(False, CONTEXT)


@pytest.mark.parametrize("on", ["push", "[push, pull_request]", "{push: {branches: [main]}}", "{push: }"])
def test_ways_to_write_triggers(on: str) -> None:
    file = parse(".github/workflows/x.yaml", f"on: {on}\njobs: {{a: {{steps: []}}}}")
    assert file.starts_on("push", None, "main", {"a": "added"})
    assert not file.starts_on("workflow_dispatch", None, "main", {})


@pytest.mark.parametrize(
    ("filters", "started"),
    [
        ("types: [labeled]", False),
        ("branches: ['releases/**', main]", True),
        ("branches: ['**', '!main']", False),
        ("branches-ignore: [main]", False),
        ("paths: ['stacks/**']", True),
        ("paths: ['docs/**']", False),
        ("paths-ignore: ['stacks/**']", False),
        ("paths-ignore: ['stacks/*']", True),
    ],
)
def test_filters(filters: str, started: bool) -> None:
    file = parse("x", f"on: {{pull_request: {{{filters}}}}}\njobs: {{a: {{steps: []}}}}")
    assert file.starts_on("pull_request", "opened", "main", {"stacks/dev/x.yaml": "added"}) is started


@pytest.mark.parametrize("text", ["", "a: [", "on: push", "jobs: {}", "on: push\njobs: {a: 1}"])
def test_files_that_cannot_be_used(text: str) -> None:
    with pytest.raises(WorkflowError):
        parse("x", text)
