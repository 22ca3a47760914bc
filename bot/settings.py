"""The settings, read from the environment: the only reader of `os.environ`."""

from __future__ import annotations

import math
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from urllib.parse import urlsplit

from bot.domain.events import Rules
from bot.github.keys import load_private_key, long_enough
from bot.variables import SETTINGS

_SECRET = frozenset({"private_key", "webhook_secret"})
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class BadSettings(Exception):  # noqa: N818 - it reads as what it is
    """Settings are missing or wrong; `problems` has one line for each, naming it."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, repr=False)
class Settings:
    """All settings, checked. Seconds are seconds, URLs have no slash at the end."""

    database: str
    app_id: int
    private_key: str
    webhook_secret: str
    api_url: str
    public_url: str  # empty where GitHub cannot reach us
    host: str
    port: int
    log_level: str
    max_in_flight: int
    dispatches_per_second: float
    settle_seconds: float
    sweep_seconds: float
    doubt_seconds: float
    plan_ref: str  # "head" or "base"
    apply_branches: tuple[str, ...]
    workspace_id: str = ""  # empty where any will do
    oidc_issuer: str = ""  # empty where it follows from api_url
    mode: str = "apply"  # "observe", "plan" or "apply"
    failure_mode: str = "keep-going"  # or "fail-fast"
    unplanned: str = "hold"  # or "allow"
    stale: str = "warn"  # or "hold"
    approve_stacks: tuple[str, ...] = ()
    self_approve: bool = True
    breaker_plan: int = 500
    breaker_apply: int = 100
    run_timeout: float = 86_400.0
    check_name: str = "atmos"
    docs_url: str = ""  # empty where comments cannot link to the docs

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read and check all settings; raises BadSettings with everything that is wrong, not only the first."""
        settings, problems = cls.as_far_as_right(environ)
        if problems:
            raise BadSettings(problems)
        return settings

    @classmethod
    def as_far_as_right(cls, environ: Mapping[str, str] | None = None) -> tuple[Settings, list[str]]:
        """Read all settings, and what is wrong, a line each that begins with the name: these are something harmless."""
        read = _Reader(environ)
        return cls._read(read), read.problems

    @classmethod
    def _read(cls, read: _Reader) -> Settings:
        return cls(
            database=read.database(),
            app_id=read.whole("GITHUB_APP_ID", 1),
            private_key=read.private_key(),
            webhook_secret=read.text("GITHUB_WEBHOOK_SECRET"),
            api_url=read.url("GITHUB_API_URL"),
            public_url=read.url("PUBLIC_URL"),
            host=read.host(),
            port=read.whole("PORT", 0, 65_535),
            log_level=read.choice("LOG_LEVEL", *_LEVELS),
            max_in_flight=read.whole("SWITCHYARD_MAX_IN_FLIGHT", 1),
            dispatches_per_second=read.number("SWITCHYARD_DISPATCHES_PER_SECOND"),
            settle_seconds=read.number("SWITCHYARD_SETTLE_SECONDS", zero=True),
            sweep_seconds=read.number("SWITCHYARD_SWEEP_SECONDS"),
            doubt_seconds=read.number("SWITCHYARD_DOUBT_SECONDS"),
            plan_ref=read.choice("SWITCHYARD_PLAN_REF", "head", "base"),
            apply_branches=read.branches(),
            workspace_id=read.text("SWITCHYARD_WORKSPACE_ID"),
            oidc_issuer=read.url("SWITCHYARD_OIDC_ISSUER"),
            mode=read.choice("SWITCHYARD_MODE", "observe", "plan", "apply"),
            failure_mode=read.choice("SWITCHYARD_FAILURE_MODE", "keep-going", "fail-fast"),
            unplanned=read.choice("SWITCHYARD_UNPLANNED", "hold", "allow"),
            stale=read.choice("SWITCHYARD_STALE", "warn", "hold"),
            approve_stacks=read.patterns("SWITCHYARD_APPROVE_STACKS"),
            self_approve=read.truth("SWITCHYARD_SELF_APPROVE"),
            breaker_plan=read.whole("SWITCHYARD_BREAKER_PLAN", 0),
            breaker_apply=read.whole("SWITCHYARD_BREAKER_APPLY", 0),
            run_timeout=read.number("SWITCHYARD_RUN_TIMEOUT"),
            check_name=read.text("SWITCHYARD_CHECK_NAME"),
            docs_url=read.url("SWITCHYARD_DOCS_URL"),
        )

    @property
    def rules(self) -> Rules:
        """The settings that decisions depend on."""
        return Rules(
            max_in_flight=self.max_in_flight,
            plan_ref=self.plan_ref,
            apply_branches=self.apply_branches,
            mode=self.mode,
            fail_fast=self.failure_mode == "fail-fast",
            unplanned=self.unplanned,
            stale=self.stale,
            breaker_plan=self.breaker_plan,
            breaker_apply=self.breaker_apply,
            approve_stacks=self.approve_stacks,
            self_approve=self.self_approve,
        )

    @property
    def server_url(self) -> str:
        """Where people see GitHub, made from the address of its API; without a slash at the end."""
        url = urlsplit(self.api_url)
        if url.netloc == "api.github.com" or url.netloc.endswith(".ghe.com"):
            return f"{url.scheme}://{url.netloc.removeprefix('api.')}"
        return f"{url.scheme}://{url.netloc}"

    @property
    def issuer(self) -> str:
        """Who signs the identity tokens of workflow runs; without a slash at the end."""
        url = urlsplit(self.server_url)
        if self.oidc_issuer:
            return self.oidc_issuer
        if url.netloc == "github.com":
            return "https://token.actions.githubusercontent.com"
        if url.netloc.endswith(".ghe.com"):
            return f"https://token.actions.{url.netloc}"
        return f"{self.server_url}/_services/token"

    def __repr__(self) -> str:
        shown = (
            f"{field.name}={'***' if field.name in _SECRET else repr(getattr(self, field.name))}"
            for field in fields(self)
        )
        return f"Settings({', '.join(shown)})"


def database_from_env(environ: Mapping[str, str] | None = None) -> str:
    """Read where the database is, and nothing else; raises BadSettings."""
    read = _Reader(environ)
    path = read.database()
    if read.problems:
        raise BadSettings(read.problems)
    return path


def is_dyno(environ: Mapping[str, str] | None = None) -> bool:
    """Tell whether this runs in what Heroku calls a dyno; Dokku does so, too."""
    return "DYNO" in (os.environ if environ is None else environ)


def rules_from_env(environ: Mapping[str, str] | None = None) -> Rules:
    """Read the settings that decisions depend on; what else a service must have may be missing. Raises BadSettings."""
    read = _Reader(environ, partly=True)
    settings = Settings._read(read)
    if read.problems:
        raise BadSettings(read.problems)
    return settings.rules


class _Reader:
    """Reads settings one by one and gathers what is wrong; what could not be read comes back as something harmless."""

    def __init__(self, environ: Mapping[str, str] | None, *, partly: bool = False) -> None:
        self._environ = os.environ if environ is None else environ
        self._settings = {setting.name: setting for setting in SETTINGS}
        self._partly = partly  # what is required may be missing
        self.problems: list[str] = []

    def text(self, name: str) -> str:
        """Read a text; a required one that is not there is a problem."""
        setting = self._settings[name]
        value = self._environ.get(name, "").strip() or setting.default
        if not value and setting.required and not self._partly:
            self._wrong(name, f"is not set. {setting.help}")
        return value

    def truth(self, name: str) -> bool:
        """Read true or false."""
        return self.choice(name, "true", "false") == "true"

    def whole(self, name: str, least: int, most: int | None = None) -> int:
        """Read a whole number."""
        value = self.text(name)
        if value.isascii() and value.isdecimal() and len(value) < 19 and least <= int(value) <= (most or int(value)):
            return int(value)
        limits = f"between {least} and {most}" if most else f"of at least {least}"
        if value:
            self._wrong(name, f"is {value!r}; give a whole number {limits}.")
        return least

    def number(self, name: str, *, zero: bool = False) -> float:
        """Read a number above zero, or zero as well."""
        value = self.text(name)
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if math.isfinite(number) and (number > 0 or (zero and number == 0)):
            return number
        self._wrong(name, f"is {value!r}; give a number {'of zero or more' if zero else 'above zero'}.")
        return 1.0

    def choice(self, name: str, *words: str) -> str:
        """Read one of some words, however it is capitalised."""
        value = self.text(name)
        for word in words:
            if value.lower() == word.lower():
                return word
        self._wrong(name, f"is {value!r}; give one of {', '.join(words)}.")
        return words[0]

    def url(self, name: str) -> str:
        """Read a web address, without the slashes at its end."""
        value = self.text(name).rstrip("/")
        if value and not _is_web_address(value):
            # The value is not repeated: it may carry a password.
            self._wrong(name, "is no plain web address; give one like https://example.com, without a user, ? and #.")
        return value

    def host(self) -> str:
        """Read what to listen on: an address, or a name that has one."""
        value = self.text("HOST")
        try:
            socket.getaddrinfo(value.removeprefix("[").removesuffix("]"), None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):  # UnicodeError: no name can be like that
            self._wrong("HOST", f"is {value!r}, which has no address; give one such as 127.0.0.1, or 0.0.0.0 for all.")
        return value

    def database(self) -> str:
        """Read the path of the database; its folder must be there."""
        value = self.text("SWITCHYARD_DATABASE")
        folder = Path(value).resolve().parent
        if not folder.is_dir():
            self._wrong("SWITCHYARD_DATABASE", f"is {value!r}, but the folder {str(folder)!r} is missing; make it.")
        elif Path(value).is_dir():
            self._wrong("SWITCHYARD_DATABASE", f"is {value!r}, which is a folder; name a file in it.")
        return value

    def private_key(self) -> str:
        """Read the App's private key as PEM text."""
        value = self.text("GITHUB_APP_PRIVATE_KEY")
        if value:
            try:
                return long_enough(load_private_key(value))
            except ValueError as error:
                self._wrong("GITHUB_APP_PRIVATE_KEY", f"cannot be used: {error}")
        return ""

    def branches(self) -> tuple[str, ...]:
        """Read the patterns of branches that are applied."""
        patterns = self.patterns("SWITCHYARD_APPLY_BRANCHES")
        for pattern in patterns:
            if pattern.startswith("refs/") or any(character.isspace() for character in pattern):
                self._wrong(
                    "SWITCHYARD_APPLY_BRANCHES",
                    f"has {pattern!r}; give branch names without refs/heads/, separated by commas.",
                )
        return patterns

    def patterns(self, name: str) -> tuple[str, ...]:
        """Read patterns, separated by commas."""
        return tuple(part.strip() for part in self.text(name).split(",") if part.strip())

    def _wrong(self, name: str, what: str) -> None:
        self.problems.append(f"{name} {what}")


def _is_web_address(value: str) -> bool:
    try:
        url = urlsplit(value)
        url.port  # noqa: B018 - reading it checks it
    except ValueError:
        return False
    extras = "@" in url.netloc or url.query or url.fragment or any(character.isspace() for character in value)
    return url.scheme in {"http", "https"} and bool(url.hostname) and not extras
