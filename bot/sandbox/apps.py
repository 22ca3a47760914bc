"""Registering the app from a manifest: made by a person, told once to whoever has the code."""

import secrets
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.sandbox import manifest as manifests
from bot.sandbox import payloads
from bot.sandbox.errors import HubError
from bot.sandbox.repos import Repos
from bot.sandbox.state import App, Installation, User

CODE_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class _Made:
    """What the one who has the code gets, once."""

    app: App
    private_key: str
    webhook_secret: str | None
    at: float


class Apps(Repos):
    """The sandbox has one app. One that is registered takes its place: it has another key, and is installed nowhere.

    `tells_secret` says whether GitHub makes a secret for the webhook of a new app; it does not always.
    """

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self.tells_secret = True
        self._codes: dict[str, _Made] = {}

    def name_taken(self, name: str) -> bool:
        """Tell whether an app, or an account, has a name already."""
        slug = manifests.slug(name)
        return slug in {self.app.slug, *(login.lower() for login in self.users)}

    def register(self, manifest: manifests.Manifest, name: str, owner: str, *, organization: bool) -> str:
        """Make the app that a manifest describes; return the code for its key. Raises HubError."""
        refused = [*manifests.problems(manifest), *manifests.name_problems(name, self.name_taken(name))]
        if refused:
            raise HubError("; ".join(refused))
        private, public = _key_pair()
        account = self.user(owner)
        account.type = "Organization" if organization else account.type
        permissions = {"metadata": "read", **manifest.get("default_permissions", {})}
        self.app = App(
            self.ids.next("app"),
            manifests.slug(name),
            name,
            account,
            manifest["url"],
            public,
            permissions,
            list(manifest.get("default_events", [])),
            self.now(),
        )
        self.installations.clear()
        self.bot = User(f"{self.app.slug}[bot]", self.ids.next("user"), "Bot")
        self.users[self.bot.login] = self.bot
        secret = self._set_hook(manifest.get("hook_attributes"))
        code = secrets.token_hex(20)
        self._codes[code] = _Made(self.app, private, secret, self.now())
        return code

    def _set_hook(self, hook: dict[str, Any] | None) -> str | None:
        """Set up the new app's webhook; return its secret, if it has one."""
        secret = secrets.token_hex(20) if self.tells_secret and hook else None
        self.hooks.app_id, self.hooks.secret = self.app.id, secret or ""
        self.hooks.url, self.hooks.active = (hook["url"], hook.get("active", True)) if hook else (None, False)
        self.ping()
        return secret

    def convert(self, code: str) -> payloads.Json | None:
        """Tell an app's key and secrets to whoever has the code, once and within the hour; None otherwise."""
        made = self._codes.pop(code, None)
        if made is None or self.now() >= made.at + CODE_SECONDS:
            return None
        return {
            **payloads.app(self.base_url, made.app),
            "client_id": f"Iv23{made.app.id}",
            "client_secret": secrets.token_hex(20),
            "webhook_secret": made.webhook_secret,
            "pem": made.private_key,
        }

    def install_on(self, owner: str) -> Installation:
        """Install the app on all repositories of an account. Raises HubError."""
        known = {one.owner.login: one.owner for one in self.repos.values()}
        if owner not in known:
            raise HubError(f"{owner or 'Nobody'} has no repository here to install the app on.")
        for repo in [one for one in self.repos.values() if one.owner is known[owner] and one.parent is None]:
            if self.installation_of(repo) is None:
                self.install(repo)
        return next(one for one in self.installations.values() if one.account is known[owner])


def _key_pair() -> tuple[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
    public = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()
