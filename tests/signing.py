"""An issuer of identity tokens that does as it is told: tokens of any kind, keys that change, and answers that fail."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

ISSUER = "https://token.example"
DISCOVERY = f"{ISSUER}/.well-known/openid-configuration"
JWKS = f"{ISSUER}/keys"


@cache
def rsa_key(name: str = "one") -> rsa.RSAPrivateKey:
    """Make a key, the same for one name."""
    return rsa.generate_private_key(public_exponent=65537, key_size=1024 if name == "short" else 2048)


def public(name: str = "one", **changed: Any) -> dict[str, Any]:
    """Write a key as an issuer publishes it."""
    told: dict[str, Any] = json.loads(RSAAlgorithm.to_jwk(rsa_key(name).public_key()))
    return {"kid": name, "kty": "RSA", "use": "sig", "alg": "RS256", "n": told["n"], "e": told["e"]} | changed


@dataclass
class Signer:
    """The issuer; `asked` has the addresses that were read, `pages` what is there: bytes, or an error to raise."""

    now: Callable[[], float]
    asked: list[str] = field(default_factory=list)
    pages: dict[str, bytes | Exception] = field(default_factory=dict)
    made: int = 0
    gate: threading.Event | None = None  # whoever reads waits for it …
    reached: threading.Event = field(default_factory=threading.Event)  # … and says here that it does

    def __post_init__(self) -> None:
        self.publish("one")
        self.pages[DISCOVERY] = json.dumps({"issuer": ISSUER, "jwks_uri": JWKS}).encode()

    def publish(self, *names: str) -> None:
        """Publish these keys and no others."""
        self.pages[JWKS] = json.dumps({"keys": [public(name) for name in names]}).encode()

    def fetch(self, url: str) -> bytes:
        """Answer as the web would."""
        self.asked.append(url)
        if self.gate is not None:
            self.reached.set()
            assert self.gate.wait(20)
        page = self.pages[url]
        if isinstance(page, Exception):
            raise page
        return page

    def reads(self) -> int:
        """Tell how often the keys were read, or tried to be."""
        return self.asked.count(DISCOVERY)

    def claims(self, **changed: Any) -> dict[str, Any]:
        """Write the claims of a run of pull request 42 in acme/infra; None takes one away."""
        self.made += 1
        now = int(self.now())
        usual = {
            "iss": ISSUER,
            "aud": "atmos-pro.com",
            "sub": "repo:acme@70/infra@7:pull_request",
            "jti": f"token-{self.made}",
            "iat": now,
            "nbf": now - 600,
            "exp": now + 300,
            "repository": "acme/infra",
            "repository_id": "7",
            "repository_owner": "acme",
            "repository_owner_id": "70",
            "run_id": "9001",
            "run_attempt": "1",
            "event_name": "pull_request",
            "ref": "refs/pull/42/merge",
            "head_ref": "feature",
            "base_ref": "main",
            "sha": "c" * 40,
            "actor": "octocat",
            "workflow": "Affected stacks",
            "workflow_ref": "acme/infra/.github/workflows/atmos-pro.yaml@refs/pull/42/merge",
        }
        return {name: value for name, value in (usual | changed).items() if value is not None}

    def token(self, key: str = "one", *, headers: dict[str, Any] | None = None, **changed: Any) -> str:
        """Sign a token with a key of this name."""
        return jwt.encode(self.claims(**changed), rsa_key(key), "RS256", headers={"kid": key} | (headers or {}))
