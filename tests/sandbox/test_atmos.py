"""The stand-in for the CLI expands a graph as the CLI does."""

import json
from pathlib import Path

import pytest
import yaml
from aiohttp import ClientSession, web
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.graph import build
from bot.events.upload import merge, parse_upload
from bot.sandbox import atmos, example
from bot.sandbox.atmos import Configured, Model, changed_by, chunks, describe_affected, encode, strip, upload_body

RECORDED = Path(__file__).parents[3] / "shared" / "atmos" / "describe-affected"
EXPANDED = [
    ("TestDescribeAffectedWithDependents", None, True),
    ("TestDescribeAffectedWithDependentsFilteredByStack", "ue1-network", True),
    ("TestDescribeAffectedWithDependentsWithoutTemplates", None, True),
    ("TestDescribeAffectedWithDisabledDependents", "uw2-network", True),
    ("TestDescribeAffectedWithExcludeLocked", None, False),
]
SHAS = {"head_sha": "5f2d4c0a9b7e4c1d8a3b6e5f4d2c1b0a9f8e7d6c", "base_sha": "0c1b2a3948576655443322110ffeeddccbbaa998"}


def recorded(name):
    path = RECORDED / f"{name}.json"
    if not path.exists():
        pytest.skip(f"the recorded results of the CLI are not beside this checkout: {RECORDED}")
    return json.loads(path.read_text())


def model_of(items):
    """Take a recorded result back to the graph it came from."""
    settings, needs = {}, {}

    def walk(item, parent):
        key = (item["stack"], item["component"])
        settings[key] = item.get("settings") or {}
        needs.setdefault(key, set()).update([parent] if parent else [])
        for dependent in item.get("dependents") or ():
            walk(dependent, key)

    for item in items:
        walk(item, None)
    return Model({key: Configured(settings[key], tuple(sorted(needs[key]))) for key in settings})


def told(items):
    """Keep what the stand-in can know: not the folder, not the reason, not the context."""
    names = ("component", "stack", "stack_slug", "included_in_dependents", "settings")
    return [
        {name: item[name] for name in names}
        | {"dependents": None if item["dependents"] is None else told(item["dependents"])}
        for item in items
    ]


@pytest.mark.parametrize(("name", "stack", "with_dependents"), EXPANDED)
def test_expands_like_the_recorded_results(name, stack, with_dependents):
    items = recorded(name)
    changed = [(item["stack"], item["component"]) for item in items]
    expanded = describe_affected(model_of(items), changed, include_dependents=with_dependents, stack=stack)
    assert told(expanded) == told(items)
    assert {key for item in items for key in item} == set(expanded[0])


@pytest.mark.parametrize(
    "name",
    [
        "TestDescribeDependents_DependenciesComponentsFormat",
        "TestDescribeDependents_DependenciesComponentsInheritance_WithAppendMerge",
        "TestDescribeDependents_WithStacksNamePattern",
        "TestDescribeDependents_WithStacksNameTemplate",
    ],
)
def test_lists_the_recorded_direct_dependents_by_slug(name):
    asked = [item | {"dependents": item["expected"]} for item in recorded(name)]
    model = model_of(asked)
    for item in asked:
        found = model.dependents((item["stack"], item["component"]))
        assert [atmos.slug(key) for key in found] == sorted(below["stack_slug"] for below in item["expected"])
        assert set(found) == {(below["stack"], below["component"]) for below in item["expected"]}


def test_marks_top_level_items_like_the_documented_sample():
    items = recorded("describe-affected.L1238")
    expanded = describe_affected(model_of(items), [(item["stack"], item["component"]) for item in items])
    flags = [(item["component"], item["included_in_dependents"]) for item in expanded]
    assert flags == [(item["component"], item["included_in_dependents"]) for item in items]


def flagged(items):
    found = []
    for item in items:
        found += [item["component"]] * item["included_in_dependents"] + flagged(item["dependents"])
    return found


def test_one_changed_root_writes_every_way_down():
    (item,) = describe_affected(example.example(), [("plat-ue2-dev", "vpc")])
    assert [below["component"] for below in item["dependents"]] == ["cache", "cluster", "database", "load-balancer"]
    assert flagged([item]) == ["cluster"]

    def count(nested):
        return sum(1 + count(below["dependents"]) for below in nested)

    assert count(item["dependents"]) == 18


def test_a_doubled_slug_marks_both():
    model = Model(
        {
            ("s", "root"): Configured({}),
            ("s", "a/b"): Configured({}, (("s", "root"),)),
            ("s", "a-b"): Configured({}, (("s", "root"),)),
        }
    )
    assert sorted(flagged(describe_affected(model, [("s", "root")]))) == ["a-b", "a/b"]


def test_nothing_is_marked_below_an_item_that_is_below_another():
    changed = [("plat-ue2-dev", "vpc"), ("plat-ue2-dev", "cluster")]
    vpc, cluster = describe_affected(example.example(), changed)
    assert (vpc["included_in_dependents"], cluster["included_in_dependents"]) == (False, True)
    assert flagged(cluster["dependents"]) == []


def test_stripping_blanks_all_but_what_the_server_needs():
    model = Model({("s", "x/y"): Configured({"pro": {"enabled": True}, "other": 1}, context={"stage": "dev"})})
    gone = {("s", "old"): Configured({"pro": {}}, context={"stage": "dev"}), ("t", "old"): Configured({})}
    items = describe_affected(model, [("s", "x/y")], gone)
    assert items[1]["stage"] == "dev"
    blank = {"component_type": "", "component_path": "", "stack_slug": "", "affected": "", "affected_all": None}
    rest = blank | {"dependents": [], "included_in_dependents": False}
    assert strip(items) == [
        {"component": "x/y", "stack": "s", "settings": {"pro": {"enabled": True}}} | rest,
        {"component": "old", "stack": "s", "settings": None, "deleted": True, "deletion_type": "component"} | rest,
        {"component": "old", "stack": "t", "settings": None, "deleted": True, "deletion_type": "stack"} | rest,
    ]


def test_a_circle_is_refused():
    with pytest.raises(ValueError, match="circle"):
        Model({("s", "a"): Configured({}, (("s", "b"),)), ("s", "b"): Configured({}, (("s", "a"),))})


@st.composite
def models(draw):
    count = draw(st.integers(1, 7))
    keys = [(f"s{index % 2}", f"c/{index}") for index in range(count)]
    return Model(
        {
            key: Configured({"pro": {"n": index}}, tuple(draw(st.sets(st.sampled_from(keys[:index]))) if index else ()))
            for index, key in enumerate(keys)
        }
    )


@given(models(), st.data())
def test_any_graph_comes_back_from_its_upload(model, data):
    changed = data.draw(st.sets(st.sampled_from(sorted(model.instances)), min_size=1))
    items = describe_affected(model, changed)
    body = upload_body(items, repo="acme/infra", **SHAS)
    cut = chunks(body, "batch", limit=data.draw(st.integers(300, 3000)))
    graph = build(merge([parse_upload(encode(chunk), {}) for chunk in reversed(cut)]).entries)

    reached, todo = set(changed), list(changed)
    while todo:
        todo.extend(below for below in model.dependents(todo.pop()) if below not in reached and not reached.add(below))
    assert set(graph.nodes) == reached
    for key, node in graph.nodes.items():
        assert node.pro == model.instances[key].settings["pro"]
        assert node.changed == (key in changed)
        assert node.problem is None
        assert set(graph.parents[key]) == {need for need in model.instances[key].needs if need in reached}

    plain = parse_upload(encode(items), SHAS | {"repo": "acme/infra"})
    assert build(plain.entries) == graph


def test_chunks_are_cut_by_the_average_and_numbered():
    items = describe_affected(example.example(), example.keys(*example.NEEDS))
    body = upload_body(items, repo="acme/infra", **SHAS)
    assert chunks(body, "id") == [body]
    cut = chunks(body, "id", limit=24_576)
    assert [chunk["batch_index"] for chunk in cut] == list(range(len(cut)))
    assert {(chunk["batch_id"], chunk["batch_total"]) for chunk in cut} == {("id", len(cut))}
    assert [item for chunk in cut for item in chunk["stacks"]] == body["stacks"]
    assert len(chunks(body, "id", limit=10)) == len(items)


async def test_uploads_like_the_cli():
    seen = []

    async def answer(request):
        seen.append((request.path, request.headers, await request.json()))
        return web.json_response({"success": True, "data": {}})

    app = web.Application()
    app.router.add_post("/api/v1/affected-stacks", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        host, port = runner.addresses[0][:2]
        async with ClientSession() as session:
            status, told_back = await atmos.upload(session, f"http://{host}:{port}", "the-key", {"stacks": []})
    finally:
        await runner.cleanup()
    assert (status, told_back) == (200, {"success": True, "data": {}})
    ((_, headers, body),) = seen
    assert body == {"stacks": []}
    assert headers["Authorization"] == "Bearer the-key"
    assert headers["Content-Type"] == "application/json"
    assert headers["User-Agent"] == "atmos/1.226.1 (linux; amd64)"


def test_changed_files_name_their_instances():
    model = example.example()
    assert changed_by(model, {"components/terraform/vpc/main.tf"}) == sorted(example.keys("vpc"))
    assert changed_by(model, {"stacks/catalog/cdn.yaml"}) == sorted(example.keys("cdn"))
    assert changed_by(model, {"stacks/plat-ue2-dev.yaml"}) == sorted(
        k for k in model.instances if k[0] == "plat-ue2-dev"
    )
    assert changed_by(model, {"README.md"}) == []


def test_the_example_repository_is_complete():
    tree = example.files()
    for text in tree.values():
        yaml.safe_load(text) if text.startswith(
            ("name:", "import:", "components:", "settings:", "base_path:")
        ) else None
    for name, verb in ((example.PLAN, "plan"), (example.APPLY, "apply")):
        workflow = yaml.safe_load(tree[f".github/workflows/{name}"])
        wanted = f"{verb} ${{{{ inputs.component }}}}/${{{{ inputs.stack }}}}/${{{{ inputs.atmos_pro_run_id }}}}"
        assert workflow["run-name"] == wanted
        declared = workflow[True]["workflow_dispatch"]["inputs"]
        activity = "synchronize" if verb == "plan" else "merged"
        pro = example.settings_pro("vpc", "plat-ue2-prod")["pull_request"][activity]
        given_inputs = pro["workflows"][name]["inputs"]
        assert set(given_inputs) | {"sha", "atmos_pro_run_id"} == set(declared)
    assert len(example.example().instances) == 30
    assert sum(map(len, example.NEEDS.values())) == 12
