from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.claims import Claims
from bot.github import jwks
from bot.github.jwks import Unanswered
from bot.github.oidc import BadToken, Issuer
from tests.signing import DISCOVERY, ISSUER, JWKS, Signer, public, rsa_key

OURS = ("atmos-pro.com", "https://switchyard.example")
START = 1_777_888_800.0


class Stage:
    """An issuer, whoever checks its tokens, and a clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = START
        self.signer = Signer(lambda: START)
        self.issuer = Issuer(ISSUER, lambda: self.at, self.signer.fetch)

    def verify(self, token: str) -> Any:
        return self.issuer.verify(token, OURS)

    def refusal(self, token: str) -> str:
        with pytest.raises(BadToken) as caught:
            self.verify(token)
        assert token not in str(caught.value)
        return str(caught.value)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_a_token_tells_which_run_it_is(stage: Stage) -> None:
    found = stage.verify(stage.signer.token(environment="prod"))
    assert (found.repository_id, found.owner_id, found.repository) == (7, 70, "acme/infra")
    assert (found.jti, found.until) == ("token-1", START + 300 + 90)
    assert found.claims == Claims(
        run_id=9001,
        attempt=1,
        event="pull_request",
        ref="refs/pull/42/merge",
        head_ref="feature",
        base_ref="main",
        sha="c" * 40,
        actor="octocat",
        environment="prod",
        workflow="Affected stacks",
        workflow_file="atmos-pro.yaml",
    )


def test_numbers_may_come_as_numbers(stage: Stage) -> None:
    found = stage.verify(stage.signer.token(repository_id=7, repository_owner_id=70, run_id=9001, run_attempt=2))
    assert (found.repository_id, found.owner_id, found.claims.run_id, found.claims.attempt) == (7, 70, 9001, 2)


@pytest.mark.parametrize(
    ("workflow_ref", "file"),
    [
        ("acme/infra/.github/workflows/plan.yml@refs/heads/a@b", "plan.yml"),
        ("ACME/Infra/.github/workflows/plan.yml@refs/heads/main", "plan.yml"),
        ("acme/rules/.github/workflows/plan.yml@refs/heads/main", ""),
        ("nonsense", ""),
        (None, ""),
    ],
)
def test_the_workflow_file_is_one_of_the_repository_itself(stage: Stage, workflow_ref: str, file: str) -> None:
    assert stage.verify(stage.signer.token(workflow_ref=workflow_ref)).claims.workflow_file == file


@pytest.mark.parametrize("audience", ["atmos-pro.com", "https://switchyard.example", ["x", "atmos-pro.com"]])
def test_audiences_that_are_ours(stage: Stage, audience: object) -> None:
    assert stage.verify(stage.signer.token(aud=audience)).repository_id == 7


@pytest.mark.parametrize(
    "audience", ["https://github.com/acme", None, "", [], ["x"], "atmos-pro.com.evil", "atmos-pro", 7, {"a": 1}]
)
def test_audiences_that_are_not(stage: Stage, audience: object) -> None:
    told = stage.refusal(stage.signer.token(aud=audience))
    assert "audience" in told
    assert "atmos-pro.com or https://switchyard.example" in told


@pytest.mark.parametrize("skew", [-60.0, 0.0, 60.0, 300.0 + 89.0])
def test_clocks_may_be_a_minute_apart(stage: Stage, skew: float) -> None:
    stage.at = START + skew
    assert stage.verify(stage.signer.token()).repository_id == 7


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"exp": START - 91}, "expired 91 seconds ago"),
        ({"exp": START - 3600}, "expired 60 minutes ago"),
        ({"nbf": START + 91}, "machine is slow"),
        ({"iat": START + 600}, "counts only in 10 minutes"),
        ({"exp": None}, "no `exp`"),
        ({"exp": "soon"}, "no `exp`"),
        ({"exp": float("inf")}, "no `exp`"),
        ({"nbf": float("nan")}, "no `nbf`"),
        ({"iat": True}, "no `iat`"),
        ({"jti": None}, "no `jti`"),
        ({"jti": "j" * 201}, "no `jti`"),
        ({"repository": "acme"}, "no `repository`"),
        ({"repository": "acme/../x"}, "no `repository`"),
        ({"repository_id": None}, "no `repository_id`"),
        ({"repository_id": "0"}, "no `repository_id`"),
        ({"repository_id": "-7"}, "no `repository_id`"),
        ({"repository_id": "٧"}, "no `repository_id`"),
        ({"repository_id": "9" * 19}, "no `repository_id`"),
        ({"repository_owner_id": True}, "no `repository_owner_id`"),
        ({"run_id": []}, "no `run_id`"),
        ({"run_attempt": ""}, "no `run_attempt`"),
        ({"iss": "https://token.actions.githubusercontent.com"}, f"takes those of {ISSUER}"),
        ({"iss": None}, "from nobody"),
        ({"iss": "x\n" * 999}, "SWITCHYARD_OIDC_ISSUER"),
    ],
)
def test_claims_that_let_nobody_in(stage: Stage, changed: dict[str, Any], words: str) -> None:
    told = stage.refusal(stage.signer.token(**changed))
    assert words in told
    assert "\n" not in told


def test_the_wrong_issuer_is_told_before_its_key_is_looked_for(stage: Stage) -> None:
    told = stage.refusal(stage.signer.token("evil", iss="https://token.actions.githubusercontent.com"))
    assert "is from https://token.actions.githubusercontent.com, but this Switchyard takes those of" in told
    assert stage.signer.asked == []


def _signed(signer: Signer, header: dict[str, Any], sign: Callable[[bytes], bytes]) -> str:
    def part(what: dict[str, Any]) -> bytes:
        return base64.urlsafe_b64encode(json.dumps(what).encode()).rstrip(b"=")

    signed = part(header) + b"." + part(signer.claims())
    return (signed + b"." + base64.urlsafe_b64encode(sign(signed)).rstrip(b"=")).decode()


def test_no_signature_is_no_signature(stage: Stage) -> None:
    for algorithm in ("none", "None", "NONE", "", None, ["RS256"]):
        token = _signed(stage.signer, {"alg": algorithm, "kid": "one", "typ": "JWT"}, lambda _: b"")
        assert "RS256" in stage.refusal(token) or "no identity token" in stage.refusal(token)
    assert "signature is wrong" in stage.refusal(_signed(stage.signer, {"alg": "RS256", "kid": "one"}, lambda _: b""))


def test_the_public_key_is_no_secret_to_sign_with(stage: Stage) -> None:
    import hmac

    key = rsa_key().public_key()
    for secret in (
        key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        key.public_bytes(Encoding.PEM, PublicFormat.PKCS1),
        json.dumps(public()).encode(),
    ):
        sign = lambda text, secret=secret: hmac.digest(secret, text, "sha256")  # noqa: E731
        for algorithm in ("HS256", "RS256"):
            token = _signed(stage.signer, {"alg": algorithm, "kid": "one"}, sign)
            assert "signature is wrong" in stage.refusal(token) or "RS256" in stage.refusal(token)


def test_other_algorithms_of_the_right_key(stage: Stage) -> None:
    for algorithm in ("RS384", "RS512", "PS256"):
        token = jwt.encode(stage.signer.claims(), rsa_key(), algorithm, headers={"kid": "one"})
        assert "not signed with RS256" in stage.refusal(token)


def test_a_key_that_comes_with_the_token_is_not_looked_at(stage: Stage) -> None:
    token = stage.signer.token("evil", headers={"kid": "one", "jwk": public("evil"), "jku": "https://evil.example/k"})
    assert "signature is wrong" in stage.refusal(token)
    assert set(stage.signer.asked) <= {DISCOVERY, JWKS}


@pytest.mark.parametrize("kid", [None, "", 7, ["one"]])
def test_a_token_that_names_no_key(stage: Stage, kid: object) -> None:
    header = {"alg": "RS256", **({} if kid is None else {"kid": kid})}
    told = stage.refusal(_signed(stage.signer, header, lambda _: b"x"))
    assert "name the key" in told or "no identity token" in told


def test_changed_claims_do_not_fit_the_signature(stage: Stage) -> None:
    head, _, tail = stage.signer.token().split(".")
    _, body, _ = stage.signer.token(repository_id="8").split(".")
    assert "signature is wrong" in stage.refusal(f"{head}.{body}.{tail}")


@given(st.one_of(st.text(), st.builds(".".join, st.lists(st.text("eyJ0aQ-_=", max_size=40), min_size=3, max_size=3))))
def test_whatever_is_sent_is_refused_in_words(text: str) -> None:
    stage = Stage()
    with pytest.raises(BadToken, match="identity token"):
        stage.verify(text)
    assert stage.signer.asked == []


@pytest.mark.parametrize(
    "text", ["nonsense", "a.b.c", "x" * 20_000, "ä.b.c", "eyJhbGciOiJSUzI1NiJ9." + "W1tb" * 3000 + ".x"]
)
def test_what_is_no_token(stage: Stage, text: str) -> None:
    assert "no identity token" in stage.refusal(text)


# The issuer's keys.


def test_keys_are_read_once_for_an_hour(stage: Stage) -> None:
    for _ in range(50):
        stage.verify(stage.signer.token())
    assert stage.signer.asked == [DISCOVERY, JWKS]
    stage.at += 3599
    token = stage.signer.token(exp=START + 9999)
    stage.verify(token)
    assert stage.signer.reads() == 1
    stage.at += 1
    stage.verify(token)
    assert stage.signer.reads() == 2


def test_a_new_key_is_read_when_it_is_first_named_and_the_old_one_stays(stage: Stage) -> None:
    old = stage.signer.token()
    stage.verify(old)
    stage.signer.publish("two", "one")
    stage.at += 60
    assert stage.verify(stage.signer.token("two")).repository_id == 7
    assert stage.verify(old).repository_id == 7
    assert stage.signer.reads() == 2


def test_a_key_that_was_taken_back_counts_no_more_once_the_keys_are_read(stage: Stage) -> None:
    stage.verify(stage.signer.token())
    stage.signer.publish("two")
    stage.at += 60
    stage.verify(stage.signer.token("two"))
    assert "does not list" in stage.refusal(stage.signer.token("one"))


def test_strangers_keys_do_not_make_us_ask_again_and_again(stage: Stage) -> None:
    stage.verify(stage.signer.token())
    stage.at += 60
    for number in range(200):
        assert "does not list" in stage.refusal(stage.signer.token("evil", headers={"kid": f"unknown-{number}"}))
    assert stage.signer.reads() == 2
    stage.at += 29
    stage.refusal(stage.signer.token("evil"))
    assert stage.signer.reads() == 2
    stage.at += 1
    stage.refusal(stage.signer.token("evil"))
    assert stage.signer.reads() == 3


def test_twenty_threads_have_the_keys_read_once() -> None:
    signer = Signer(lambda: START)
    looks = threading.Semaphore(0)

    def now() -> float:
        looks.release()
        return START

    def fetch(url: str) -> bytes:
        if url == DISCOVERY:  # each of them has looked at the clock before the first goes on, and that one twice
            for _ in range(21):
                assert looks.acquire(timeout=20)
        return signer.fetch(url)

    issuer = Issuer(ISSUER, now, fetch)
    tokens = [signer.token() for _ in range(20)]
    with ThreadPoolExecutor(20) as pool:
        assert [found.repository_id for found in pool.map(lambda token: issuer.verify(token, OURS), tokens)] == [7] * 20
    assert signer.asked == [DISCOVERY, JWKS]


def test_nobody_with_a_known_key_waits_for_a_reading(stage: Stage) -> None:
    token = stage.signer.token(exp=START + 99_999)
    stage.verify(token)
    stage.at += 3600
    stage.signer.gate = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(stage.verify, token)
        assert stage.signer.reached.wait(20)
        assert stage.verify(token).repository_id == 7
        assert not slow.done()
        stage.signer.gate.set()
        assert slow.result(20).repository_id == 7


@pytest.mark.parametrize("known", [False, True])
def test_nobody_waits_for_ever_for_a_reading(stage: Stage, monkeypatch: pytest.MonkeyPatch, known: bool) -> None:
    monkeypatch.setattr(jwks, "_WAIT", 0.0)
    monkeypatch.setattr(jwks, "_LEAST_WAIT", 0.01)
    if known:
        stage.verify(stage.signer.token())
        stage.at += 30
    stage.signer.reached.clear()
    stage.signer.gate = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(stage.refusal, stage.signer.token("evil"))
        assert stage.signer.reached.wait(20)
        with pytest.raises(Unanswered, match="Try again"):
            stage.verify(stage.signer.token("evil"))
        assert not slow.done()
        stage.signer.gate.set()
        assert "does not list" in slow.result(20)


def test_an_issuer_that_is_down(stage: Stage) -> None:
    token = stage.signer.token(exp=START + 999_999)
    page = stage.signer.pages[DISCOVERY]
    stage.signer.pages[DISCOVERY] = OSError("no way there")
    for _ in range(10):
        with pytest.raises(Unanswered, match=f"(?s){ISSUER}.*Try again"):
            stage.verify(token)
    assert stage.signer.reads() == 1
    stage.signer.pages[DISCOVERY] = page
    stage.at += 5
    assert stage.verify(token).repository_id == 7
    # What is known counts on for a day.
    stage.signer.pages[DISCOVERY] = OSError("no way there")
    stage.at += 86_399
    assert stage.verify(token).repository_id == 7
    with pytest.raises(Unanswered):
        stage.verify(stage.signer.token("two", exp=START + 999_999))
    stage.at += 1
    with pytest.raises(Unanswered):
        stage.verify(token)


GOOD = json.dumps({"issuer": ISSUER, "jwks_uri": JWKS}).encode()


@pytest.mark.parametrize(
    ("address", "page"),
    [
        (DISCOVERY, b""),
        (DISCOVERY, b"[]"),
        (DISCOVERY, b"\xff"),
        (DISCOVERY, b"[" * 100_000),
        (DISCOVERY, GOOD.replace(b'token.example"', b'other.example"', 1)),
        (DISCOVERY, GOOD.replace(b"https://token.example/keys", b"http://token.example/keys")),
        (DISCOVERY, GOOD.replace(b"https://token.example/keys", b"file:///etc/passwd")),
        (DISCOVERY, GOOD.replace(b'"https://token.example/keys"', b"null")),
        (JWKS, b"{}"),
        (JWKS, b'{"keys": []}'),
        (JWKS, b'{"keys": [7]}'),
        (JWKS, json.dumps({"keys": [public(use="enc")]}).encode()),
        (JWKS, json.dumps({"keys": [public(kty="oct", k="c2VjcmV0")]}).encode()),
        (JWKS, json.dumps({"keys": [public(n="!!")]}).encode()),
        (JWKS, json.dumps({"keys": [public("short", kid="one")]}).encode()),
    ],
)
def test_answers_that_cannot_be_used_are_as_none(stage: Stage, address: str, page: bytes) -> None:
    stage.signer.pages[address] = page
    with pytest.raises(Unanswered):
        stage.verify(stage.signer.token())


def test_keys_of_other_kinds_beside_ours_are_passed_over(stage: Stage) -> None:
    listed = [{"kid": "ec", "kty": "EC", "crv": "P-256", "x": "a", "y": "b"}, public("two", use="enc"), public()]
    stage.signer.pages[JWKS] = json.dumps({"keys": listed}).encode()
    assert stage.verify(stage.signer.token()).repository_id == 7
    stage.at += 60
    assert "does not list" in stage.refusal(stage.signer.token("two"))


# Over the wire.


class Web:
    """Pages on a real socket."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.url = ""


@pytest.fixture
def web() -> Iterator[Web]:
    told = Web()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = told.pages.get(self.path, (404, {}, b"nothing"))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_port}"
    yield told
    server.shutdown()
    server.server_close()
    thread.join()


def test_keys_come_over_http_where_the_issuer_itself_does(web: Web) -> None:
    signer = Signer(lambda: START)
    told = json.dumps({"issuer": web.url, "jwks_uri": f"{web.url}/keys"}).encode()
    web.pages["/.well-known/openid-configuration"] = (200, {}, told)
    page = signer.pages[JWKS]
    assert isinstance(page, bytes)
    web.pages["/keys"] = (200, {}, page)
    issuer = Issuer(web.url, lambda: START)
    assert issuer.verify(signer.token(iss=web.url), OURS).repository_id == 7


def test_what_fetching_refuses(web: Web) -> None:
    web.pages["/gone"] = (503, {}, b"later")
    web.pages["/away"] = (302, {"Location": f"{web.url}/other"}, b"")
    web.pages["/other"] = (200, {}, b"evil")
    web.pages["/large"] = (200, {}, b"x" * (512 * 1024 + 1))
    with pytest.raises(OSError, match="503"):
        jwks.fetch(f"{web.url}/gone")
    with pytest.raises(OSError, match="302"):
        jwks.fetch(f"{web.url}/away")
    with pytest.raises(ValueError, match="too large"):
        jwks.fetch(f"{web.url}/large")
    assert jwks.fetch(f"{web.url}/other") == b"evil"
