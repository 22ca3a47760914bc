"""Deployment environments: who may let a job use one."""

from typing import Any

from bot.sandbox.core import Core
from bot.sandbox.errors import HubError
from bot.sandbox.state import Environment, Repo, Team, User


class Environments(Core):
    """Environments and the teams that review them. A reviewer is a login, or a team as `owner/name`."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self.teams: dict[str, Team] = {}

    def add_team(self, name: str, members: list[str]) -> Team:
        """Create a team, named `owner/name`, or change who is in it."""
        owner, slug = name.split("/")
        number = self.teams[name].id if name in self.teams else self.ids.next("team")
        self.teams[name] = Team(number, self.user(owner), slug, [self.user(login).login for login in members])
        return self.teams[name]

    def add_environment(self, repo: Repo, name: str, reviewers: list[str] | None = None) -> Environment:
        """Create an environment, or change who reviews it: people, and teams that were added before."""
        who = [one if one in self.teams else self.user(one).login for one in reviewers or []]
        known = repo.environment(name)
        if known is None:
            known = repo.environments[name] = Environment(self.ids.next("environment"), name, [], self.now())
        known.reviewers = who
        return known

    def environment(self, repo: Repo, name: str) -> Environment:
        """Return an environment, made without protection when a job is the first to name it."""
        return repo.environment(name) or self.add_environment(repo, name)

    def reviewers(self, repo: Repo, environment: str) -> list[User | Team]:
        """Return the people and teams who may review an environment."""
        names = self.environment(repo, environment).reviewers
        return [self.teams[name] if name in self.teams else self.user(name) for name in names]

    def may_review(self, repo: Repo, environment: str) -> list[str]:
        """Return the logins of all who may review an environment, be it through a team."""
        found: dict[str, None] = {}
        for one in self.reviewers(repo, environment):
            found.update(dict.fromkeys(one.members if isinstance(one, Team) else [one.login]))
        return list(found)

    def check_reviewer(self, repo: Repo, environment: str, login: str) -> None:
        """Raise HubError where a person may not review an environment."""
        if login not in self.may_review(repo, environment):
            raise HubError(f"{login} is no reviewer of the environment {environment}.")
