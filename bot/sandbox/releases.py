"""Releases: a tag that people announce."""

from bot.sandbox import payloads
from bot.sandbox.errors import HubError
from bot.sandbox.repos import NOTHING, Repos
from bot.sandbox.state import Release, Repo


class Releases(Repos):
    """What people do with releases."""

    def publish_release(
        self, repo: Repo, tag: str, *, by: str, target: str = "", name: str = "", prerelease: bool = False
    ) -> Release:
        """Publish a release; its tag is made at a branch or commit, the default branch's if none, where it is new."""
        if any(one.tag == tag for one in repo.releases):
            raise HubError(f"There is a release of the tag {tag} already.")
        where, who = target or repo.default_branch, self.user(by)
        if tag not in repo.tags:
            sha = self.resolve(repo, where)
            if sha is None:
                raise HubError(f"There is no branch or commit {where} to put the tag {tag} on.")
            self.tag(repo, tag, sha)
            self._emit_push(repo, f"refs/tags/{tag}", NOTHING, sha, who, forced=False)
        one = Release(self.ids.next("release"), tag, where, name or tag, who, prerelease, self.now())
        repo.releases.append(one)
        for action in ("published", "prereleased" if prerelease else "released"):
            body = {"action": action, "release": payloads.release(self.base_url, repo, one)}
            self.emit("release", repo, body, who)
        return one
