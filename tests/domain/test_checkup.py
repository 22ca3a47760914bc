"""What the doctor makes of what it sees: tables of facts and findings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import pro
from bot.domain.checkup import at_github, machine, repositories, workflows
from bot.domain.checkup.facts import (
    AddressFacts,
    Attempt,
    DatabaseFacts,
    Disk,
    HookFacts,
    InstallationFacts,
    RepositoryFacts,
    UploadFacts,
)
from bot.domain.checkup.findings import Finding, named, span
from bot.domain.checkup.kinds import CHECKS, KINDS
from bot.domain.graph import Instance
from bot.domain.pro import Call, Phase, WorkflowFile

NOW = 1_777_888_800.0
VPC = Instance("plat-ue2-dev", "vpc")
FILE = WorkflowFile(
    "plan.yaml",
    inputs=frozenset({"sha", "atmos_pro_run_id", "component", "stack"}),
    required=frozenset({"component", "stack"}),
    run_name_has_id=True,
    dispatchable=True,
    on_default_branch=True,
)
HERE = RepositoryFacts("acme/infra", "https://github.com/acme/infra", "main")


def names(findings: list[Finding]) -> list[str]:
    return [one.kind.name for one in findings]


@pytest.mark.parametrize(
    ("ahead", "name"),
    [
        (0.0, "clock-ok"),
        (30.0, "clock-ok"),
        (-30.0, "clock-ok"),
        (31.0, "clock-off"),
        (-60.0, "clock-off"),
        (61.0, "clock-wrong"),
        (-7200.0, "clock-wrong"),
    ],
)
def test_clock(ahead: float, name: str) -> None:
    assert machine.clock(ahead).kind.name == name


@pytest.mark.parametrize(
    ("left", "most", "name"),
    [(5000, 5000, "limit-ok"), (500, 5000, "limit-ok"), (499, 5000, "limit-low"), (0, 5000, "limit-spent")],
)
def test_limit(left: int, most: int, name: str) -> None:
    assert at_github.limit(left, most, "acme/infra").kind.name == name


NAMELESS = f"/volumes/{'0a' * 32}/_data"


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, ["database-ok"]),
        ({"there": False}, ["database-missing"]),
        ({"there": False, "disk": Disk("tmpfs")}, ["database-missing", "database-passing"]),
        ({"trouble": "attempt to write a readonly database"}, ["database-unusable"]),
        ({"pending": 1}, ["database-older"]),
        ({"unknown": 1, "disk": Disk("overlay")}, ["database-newer", "database-passing"]),
        ({"disk": Disk("cifs")}, ["database-network"]),
        ({"disk": Disk()}, ["database-ok"]),
        ({"disk": Disk("ext4", "/data", NAMELESS)}, ["database-passing"]),
        ({"disk": Disk("ext4", "/data", f"/lib/containers/storage{NAMELESS}")}, ["database-passing"]),
        ({"disk": Disk("ext4", "/data", "/var/lib/docker/volumes/switchyard/_data")}, ["database-ok"]),
        ({"disk": Disk("ext4", "/", "/", heroku=True)}, ["database-passing"]),
        ({"disk": Disk(heroku=True)}, ["database-passing"]),
        ({"disk": Disk("ext4", "/data", "/var/lib/dokku/data/storage/yard", heroku=True)}, ["database-ok"]),
    ],
)
def test_database(changes: dict[str, Any], found: list[str]) -> None:
    facts = DatabaseFacts("/data/switchyard.db", disk=Disk("ext4"), version=1)
    assert names(machine.database(replace(facts, **changes))) == found


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, ["address-ok"]),
        ({"url": "http://yard.example"}, ["address-plain"]),
        ({"failed": "connection refused", "url": "http://yard.example"}, ["address-unreached", "address-plain"]),
        ({"untrusted": "certificate has expired"}, ["address-certificate"]),
        ({"leads_to": "https://www.yard.example", "status": 308}, ["address-redirected"]),
        ({"ours": False}, ["address-wrong"]),
        ({"live": False}, ["address-wrong"]),
        ({"same": False}, ["address-other"]),
    ],
)
def test_address(changes: dict[str, Any], found: list[str]) -> None:
    facts = AddressFacts("https://yard.example", status=200, ours=True, live=True)
    assert names(machine.address(replace(facts, **changes))) == found


def test_drawing() -> None:
    assert machine.drawing("", "", "").kind.name == "drawing-none"
    broken = machine.drawing("dot", "2.43", "Graphviz (dot) could not draw the graph: no plugins.")
    assert (broken.kind.name, broken.says) == ("drawing-none", "Graphviz (dot) could not draw the graph: no plugins.")
    assert machine.drawing("pygraphviz", "", "").says == "pygraphviz draws."


def attempt(code: int, status: str = "", guid: str = "a", ago: float = 60.0) -> Attempt:
    return Attempt(guid, NOW - ago, "push", code, status)


OK = attempt(202, "OK", "ok", 120.0)


@pytest.mark.parametrize(
    ("attempts", "found"),
    [
        ([], ["deliveries-none"]),
        ([OK], ["deliveries-ok"]),
        ([attempt(202, "OK", "late"), attempt(504, "timed out", "late", 90.0), OK], ["deliveries-ok"]),
        ([OK, attempt(401)], ["deliveries-mended"]),
        ([attempt(401), OK], ["deliveries-unsigned"]),
        ([attempt(404)], ["deliveries-astray"]),
        ([attempt(302)], ["deliveries-astray"]),
        ([attempt(504, "timed out")], ["deliveries-late"]),
        ([attempt(502, "failed to connect to host")], ["deliveries-unreached"]),
        ([attempt(0, "couldn't resolve host")], ["deliveries-unreached"]),
        ([attempt(502, "Peer certificate cannot be authenticated")], ["deliveries-certificate"]),
        ([attempt(500, "Invalid HTTP Response: 500")], ["deliveries-refused"]),
        (
            [attempt(503, "Invalid HTTP Response: 503"), attempt(401, guid="b")],
            ["deliveries-refused", "deliveries-unsigned"],
        ),
        ([attempt(401), OK, attempt(404, guid="b", ago=900.0)], ["deliveries-unsigned"]),
    ],
)
def test_deliveries(attempts: list[Attempt], found: list[str]) -> None:
    assert names(at_github.deliveries(attempts, "https://github.com/settings/apps/x/advanced", NOW)) == found


def test_webhook() -> None:
    hook = HookFacts("https://yard.example/webhooks/github", "json", signed=True, unchecked=False)

    def found(public_url: str = "https://yard.example", **changes: Any) -> list[str]:
        return names(at_github.webhook(replace(hook, **changes), public_url, "/webhooks/github", "page"))

    assert found() == ["webhook-ok"]
    assert found(unchecked=True) == ["webhook-unchecked"]
    assert found(signed=False, content_type="form") == ["webhook-form", "webhook-unsigned"]
    assert found("") == ["webhook-untold"]


def test_an_installation_does_not_repeat_what_the_app_lacks() -> None:
    lacks = [("Actions: …", True), ("Checks: …", False)]
    there = InstallationFacts(1, "page", {}, frozenset(), suspended=False)
    found = at_github.installation("acme/infra", there, at_github.unaccepted(lacks[:1], lacks), "install")
    assert [(one.kind.name, one.says) for one in found] == [("repository-differs", "Checks: …")]


@pytest.mark.parametrize(
    ("enabled", "last_run", "name"),
    [
        (True, 0.0, "actions-ok"),
        (False, NOW, "actions-off"),
        (None, NOW - 60.0, "actions-ok"),
        (None, 0.0, "actions-untold"),
    ],
)
def test_actions(enabled: bool | None, last_run: float, name: str) -> None:
    assert repositories.actions(HERE, enabled=enabled, last_run=last_run, now=NOW).kind.name == name


def test_upload() -> None:
    last = UploadFacts(NOW - 7200.0, "7#42", "0123456789abcdef")
    assert repositories.upload("acme/infra", last, NOW).says == "The last one came 2 hours ago, for #42 at 0123456."


SETTINGS = {
    "enabled": True,
    "pull_request": {
        "opened": {"workflows": {"plan.yaml": {"inputs": {"component": "vpc", "stack": "plat-ue2-dev"}}}},
        "synchronize": {"workflows": {"plan.yaml": {"inputs": {"component": "vpc", "stack": "plat-ue2-dev"}}}},
        "merged": {"workflows": {"apply.yaml": {"inputs": {"component": "{{ .atmos_component }}"}}}},
    },
    "drift_detection": {"detect": {"workflows": {"drift.yaml": {}}}},
}


def test_what_stacks_want() -> None:
    assert [(one.phase, one.call) for one in workflows.wanted({VPC: SETTINGS})] == [
        (Phase.PLAN, Call("plan.yaml", (("component", "vpc"), ("stack", "plat-ue2-dev")))),
        (Phase.APPLY, Call("apply.yaml", (("component", "vpc"),))),
    ]
    assert workflows.wanted({VPC: None, Instance("a", "b"): {**SETTINGS, "enabled": False}}) == []
    broken = {"pull_request": {"opened": {"workflows": {"plan.yaml": {"inputs": {"x": "{{ .vars.x }}"}}}}}}
    found = workflows.workflows(HERE, workflows.wanted({VPC: broken}))
    assert names(found) == ["workflow-stack"]
    assert found[0].says.startswith("plat-ue2-dev/vpc: The input `x` still holds the template")


@pytest.mark.parametrize(
    ("group", "drops"),
    [
        ("terraform", True),
        ("${{ inputs.stack }}", True),
        ("${{ github.workflow }}-${{ inputs.component }}", True),
        ("${{ github.ref }}", True),
        ("${{ inputs.stack }}-${{ inputs.component }}", False),
        ("${{ github.workflow }}/${{inputs.component}}/${{ github.event.inputs.stack }}", False),
        ("plan-${{ github.run_id }}", False),
        ("${{ inputs.atmos_pro_run_id }}", False),
        ("${{ format('{0}-{1}', inputs.stack, inputs.component) }}", False),  # nobody can tell
    ],
)
def test_groups_that_drop_runs(group: str, *, drops: bool) -> None:
    call = Call("plan.yaml", (("component", "vpc"), ("stack", "plat-ue2-dev")))
    said = workflows.dropping(replace(FILE, groups=(group,)), [(VPC, call)])
    assert (said is not None) == drops
    assert len(workflows.remarks(replace(FILE, groups=(group,)), [(VPC, call)])) == drops


NAMES = st.text("abc-", min_size=1, max_size=6)


@given(stack=NAMES, component=NAMES)
def test_a_group_for_each_instance_is_never_told_to_drop_runs(stack: str, component: str) -> None:
    instance = Instance(f"stack-{stack}", f"part-{component}")
    call = Call("plan.yaml", (("component", instance.component), ("stack", instance.stack)))
    file = replace(FILE, groups=("x-${{ inputs.component }}-in-${{ inputs.stack }}",))
    assert workflows.dropping(file, [(instance, call)]) is None
    assert workflows.dropping(replace(file, groups=("x-${{ inputs.component }}",)), [(instance, call)]) is not None


def test_a_remark_says_what_it_means_and_what_to_do() -> None:
    (said,) = workflows.remarks(replace(FILE, run_name_has_id=False), [])
    assert said == (
        "The titles of the runs of `plan.yaml` do not carry the input `atmos_pro_run_id`. Where GitHub does not say "
        "which run it started, the run must be guessed. Declare the input `atmos_pro_run_id`, and put "
        "`${{ inputs.atmos_pro_run_id }}` into `run-name`."
    )


def test_environments() -> None:
    def found(environment: str, **protects: bool) -> list[str]:
        file = replace(FILE, path="apply.yaml", environments=(environment,))
        facts = replace(HERE, files={"apply.yaml": file}, environments=protects)
        return names(repositories.environments(facts, workflows.wanted({VPC: SETTINGS})))

    assert found("Prod", prod=True) == ["environment-ok"]
    assert found("prod", prod=False) == ["environment-open"]
    assert found("prod") == ["environment-missing"]
    assert found("${{ inputs.unknown }}", prod=True) == ["environment-missing"]
    assert found("${{ vars.STAGE }}", prod=True) == ["environment-untold"]


def test_before_the_first_upload_files_that_take_a_dispatch_id_are_looked_at() -> None:
    facts = replace(HERE, files={"plan.yaml": FILE, "ci.yaml": replace(FILE, path="ci.yaml", inputs=frozenset())})
    found = workflows.workflows(facts, [])
    assert [(one.kind.name, one.says) for one in found] == [
        ("workflow-ok", "`.github/workflows/plan.yaml` can be started.")
    ]
    without = replace(FILE, inputs=FILE.inputs - {pro.SHA})
    assert names(workflows.workflows(replace(facts, files={"plan.yaml": without}), [])) == ["workflow-tip"]


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.4, "0 seconds"),
        (1, "1 second"),
        (59.9, "1 minute"),
        (7199.9, "2 hours"),
        (90_000, "1 day"),
        (9e7, "1,041 days"),
    ],
)
def test_spans(seconds: float, told: str) -> None:
    assert span(seconds) == told


def test_names() -> None:
    assert [named(list("abcde"[:count])) for count in (1, 2, 3, 5)] == [
        "a",
        "a and b",
        "a, b and c",
        "a, b, c and 2 more",
    ]


def test_every_check_can_be_right_and_wrong() -> None:
    for check in CHECKS:
        grades = {one.grade for one in KINDS if one.check == check}
        assert "ok" in grades
        assert len(grades) > 1
