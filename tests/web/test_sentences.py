"""What refusals say: the CLI shows the sentence and hints of its own, so it must be true and tell what to do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.web.conftest import Site
from tests.web.test_api import GoEnvelope, chunk, envelope

STATUS = "/api/v1/repos/acme/infra/instances?stack=dev&component=vpc"


def ask(site: Site, method: str, path: str, body: Any = None, key: str = "swy_good") -> GoEnvelope:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return envelope(site.client.open(path, method=method, data=data, headers={"Authorization": f"Bearer {key}"}))


def test_a_status_is_told_what_it_lacks(site: Site) -> None:
    assert ask(site, "PATCH", STATUS, {"command": "plan"}).errorMessage == (
        "The status must have both `command` and `exit_code`: `plan`, `apply`, `deploy` or `remediate`, and what "
        "Terraform ended with."
    )


@pytest.mark.parametrize("query", ["", "&pull=1&sha=" + "a" * 40])
def test_rollouts_are_asked_for_in_one_way(site: Site, query: str) -> None:
    told = ask(site, "GET", f"/api/v1/rollouts?repo=acme/infra{query}")
    assert told.errorMessage == (
        "Say which rollouts: either with `pull=` and a number, or with `sha=` and a commit, not with both."
    )


def test_a_part_that_does_not_fit_is_told_truly(site: Site) -> None:
    assert ask(site, "POST", "/api/v1/affected-stacks", chunk(0)).success
    for other in (chunk(0, stacks=[]), chunk(1, total=4)):  # part 1 was never sent before
        index = json.loads(other)["batch_index"]
        assert ask(site, "POST", "/api/v1/affected-stacks", other).errorMessage == (
            f"Part {index} does not fit what came before of the batch batch-1: its content is another, or the number "
            "of parts. Run `atmos describe affected --upload` again: it starts a new batch."
        )
