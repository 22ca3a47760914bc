from __future__ import annotations

import json

import pytest

from tests.web.conftest import Site
from tests.web.test_api import envelope

COMMIT = json.dumps(
    {
        "branch": "feature",
        "changes": {"additions": [{"path": "a.tf", "contents": "YQ=="}], "deletions": []},
        "commitMessage": "Format",
    }
).encode()
STS = b'{"sources":["acme/modules"],"policyName":"default"}'


@pytest.mark.parametrize("key", [None, "swy_good", "swy_wrong", "session"])
@pytest.mark.parametrize(
    ("path", "body", "why", "instead"),
    [
        ("git/commit", COMMIT, "write access to the repository's contents", "`permissions: contents: write`"),
        ("git/commit", b"no JSON", "write access to the repository's contents", "commit and push by itself"),
        ("sts", STS, "hand out tokens of its GitHub App", "a deploy key, or a token of another App"),
        ("sts", b"", "hand out tokens of its GitHub App", "a deploy key, or a token of another App"),
    ],
)
def test_what_is_not_offered_says_why_and_what_to_do_instead(
    site: Site, path: str, body: bytes, why: str, instead: str, key: str | None
) -> None:
    bearer = site.session() if key == "session" else key
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    answer = site.client.post(f"/api/v1/{path}", data=body, headers=headers, content_type="application/json")
    assert answer.status_code == 403
    told = envelope(answer)
    assert told.errorMessage.startswith("Switchyard does not offer ")
    assert why in told.errorMessage
    assert instead in told.errorMessage
    assert told.data == {}


@pytest.mark.parametrize("path", ["git/commit", "sts"])
def test_they_take_no_other_method(site: Site, path: str) -> None:
    answer = site.client.get(f"/api/v1/{path}")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    envelope(answer)


def test_a_body_of_any_size_is_refused_for_the_same_reason(site: Site) -> None:
    answer = site.client.post("/api//v1/git/commit", data=b"x" * 40_000_000)
    assert "does not offer" in envelope(answer).errorMessage
