"""A stand-in for the Atmos CLI: `atmos describe affected` on a given dependency graph, and its upload.

It expands the graph as the CLI does: every way down is written out, siblings stand by slug, and the flags
`included_in_dependents` follow the CLI's rules. A cycle never ends there either, so it is refused here.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

Key = tuple[str, str]  # (stack, component)
Json = dict[str, Any]

USER_AGENT = "atmos/1.226.1 (linux; amd64)"
CHUNK_BYTES = 4 * 1024 * 1024
_NUMBERS = 200  # what the three keys of a chunk take


@dataclass(frozen=True, slots=True)
class Configured:
    """A component as configured in one stack."""

    settings: Mapping[str, Any]
    needs: tuple[Key, ...] = ()
    context: Mapping[str, str] | None = None  # namespace, tenant, environment, stage as found in its vars
    kind: str = "terraform"
    path: str = ""


class Model:
    """All configured instances of a repository at one commit. Raises ValueError where they depend in a circle."""

    def __init__(self, instances: Mapping[Key, Configured]) -> None:
        self.instances = dict(instances)
        self._dependents: dict[Key, list[Key]] = {key: [] for key in instances}
        for key, configured in instances.items():
            for need in configured.needs:
                if need in self._dependents:
                    self._dependents[need].append(key)
        for keys in self._dependents.values():
            keys.sort(key=slug)
        self._below: dict[Key, frozenset[str]] = {}
        for key in self._leaves_first():
            under = self._dependents[key]
            self._below[key] = frozenset(map(slug, under)).union(*(self._below[child] for child in under))

    def dependents(self, key: Key, stack: str | None = None) -> list[Key]:
        """List what depends on an instance directly, by slug; with `stack` only what is in it."""
        return [child for child in self._dependents.get(key, ()) if stack in (None, child[0])]

    def slugs_below(self, key: Key, stack: str | None = None) -> frozenset[str]:
        """Name everything that depends on an instance, through any distance."""
        if stack is None:
            return self._below.get(key, frozenset())
        under = self.dependents(key, stack)
        return frozenset(map(slug, under)).union(*(self.slugs_below(child, stack) for child in under))

    def _leaves_first(self) -> list[Key]:
        left = {key: len(under) for key, under in self._dependents.items()}
        ready = [key for key, count in left.items() if not count]
        for key in ready:
            for need in self.instances[key].needs:
                if need in left:
                    left[need] -= 1
                    if not left[need]:
                        ready.append(need)
        if len(ready) < len(left):
            raise ValueError("The components depend on each other in a circle.")
        return ready


def slug(key: Key) -> str:
    """Make the CLI's slug; `a/b` and `a-b` fall together there."""
    stack, component = key
    return f"{stack}-{component.replace('/', '-')}"


def describe_affected(
    head: Model,
    changed: Iterable[Key],
    deleted: Mapping[Key, Configured] | None = None,
    *,
    include_dependents: bool = True,
    include_settings: bool = True,
    stack: str | None = None,
) -> list[Json]:
    """Print what `atmos describe affected` prints: the changed instances of `head` and the deleted ones.

    With `stack` only instances of that stack get dependents, and only those within it.
    """
    keys = list(changed)
    own = [key for key in keys if include_dependents and stack in (None, key[0])]
    under = {key: head.slugs_below(key, stack) for key in own}
    counts: dict[str, int] = {}
    for below in under.values():
        for name in below:
            counts[name] = counts.get(name, 0) + 1
    items = []
    for key in keys:
        included = counts.get(slug(key), 0) - (slug(key) in under.get(key, ())) > 0
        item = _identity(key, head.instances[key]) | {"affected": "stack.vars", "affected_all": ["stack.vars"]}
        item["dependents"] = _nest(head, key, stack, not included, include_settings) if key in under else None
        items.append(item | _tail(head.instances[key], included, include_settings))
    stacks = {key[0] for key in head.instances}
    items.extend(_gone(key, was, key[0] in stacks) for key, was in (deleted or {}).items())
    return items


def _nest(head: Model, key: Key, stack: str | None, marked: bool, include_settings: bool) -> list[Json]:
    """Write out what depends on an instance; below an instance that is included elsewhere no flag is set."""
    siblings = head.dependents(key, stack)
    names = [slug(sibling) for sibling in siblings]
    under = [head.slugs_below(sibling, stack) for sibling in siblings] if marked else []
    result = []
    for sibling, name in zip(siblings, names, strict=True):
        included = marked and (names.count(name) > 1 or any(name in below for below in under))
        configured = head.instances[sibling]
        item = _identity(sibling, configured, dict(configured.context or {}))
        item["dependents"] = _nest(head, sibling, stack, marked, include_settings)
        result.append(item | _tail(configured, included, include_settings))
    return result


def _identity(key: Key, configured: Configured, context: Mapping[str, str] | None = None) -> Json:
    kept = {"component": key[1], "component_type": configured.kind, "component_path": configured.path}
    return {**kept, **(context or {}), "stack": key[0], "stack_slug": slug(key)}


def _tail(configured: Configured, included: bool, include_settings: bool) -> Json:
    return {
        "included_in_dependents": included,
        "settings": dict(configured.settings) if include_settings else None,
    }


def _gone(key: Key, was: Configured, stack_remains: bool) -> Json:
    reason, kind = ("deleted", "component") if stack_remains else ("deleted.stack", "stack")
    return {
        **_identity(key, was, was.context),
        "affected": reason,
        "affected_all": [reason],
        "dependents": [],
        "included_in_dependents": False,
        "settings": None,
        "deleted": True,
        "deletion_type": kind,
    }


def strip(items: Iterable[Json]) -> list[Json]:
    """Blank what the CLI blanks before it uploads: all but names, dependents, flags, `settings.pro` and deletion."""
    return [_strip(item, top=True) for item in items]


def _strip(item: Json, *, top: bool) -> Json:
    settings = item["settings"] or {}
    return {
        "component": item["component"],
        "component_type": "",
        "component_path": "",
        "stack": item["stack"],
        "stack_slug": "",
        **({"affected": "", "affected_all": None} if top else {}),
        "dependents": [_strip(dependent, top=False) for dependent in item["dependents"] or ()],
        "included_in_dependents": item["included_in_dependents"],
        "settings": {"pro": settings["pro"]} if "pro" in settings else None,
        **{name: item[name] for name in ("deleted", "deletion_type") if name in item},
    }


def upload_body(items: Iterable[Json], *, repo: str, head_sha: str, base_sha: str, host: str = "github.com") -> Json:
    """Make the request body for `repo` (owner/name) from what `describe_affected` gave."""
    return {"head_sha": head_sha, "base_sha": base_sha, **_repository(repo, host), "stacks": strip(items)}


def instances_body(model: Model, *, repo: str, host: str = "github.com") -> Json:
    """Make the request body of `atmos list instances --upload`."""
    instances = [
        {
            "component": component,
            "stack": stack,
            "component_type": configured.kind,
            **({"settings": {"pro": configured.settings["pro"]}} if "pro" in configured.settings else {}),
        }
        for (stack, component), configured in model.instances.items()
    ]
    return {**_repository(repo, host), "instances": instances}


def _repository(repo: str, host: str) -> Json:
    owner, _, name = repo.partition("/")
    return {"repo_url": f"https://{host}/{repo}", "repo_name": name, "repo_owner": owner, "repo_host": host}


def chunks(body: Json, batch_id: str, limit: int = CHUNK_BYTES) -> list[Json]:
    """Cut a body as the CLI does: by the average size of its top-level items; small enough, it stays whole."""
    name = "stacks" if "stacks" in body else "instances"
    items = body[name]
    empty = body | {name: []}
    size = len(encode(items))
    room = limit - len(encode(empty))
    if size <= room or not items:
        return [body]
    each = max(1, int((room - _NUMBERS) // (size / len(items))))
    parts: Sequence[list[Json]] = [items[at : at + each] for at in range(0, len(items), each)]
    return [
        body | {name: part, "batch_id": batch_id, "batch_index": index, "batch_total": len(parts)}
        for index, part in enumerate(parts)
    ]


def encode(value: Any) -> bytes:
    """Write JSON compactly."""
    return json.dumps(value, separators=(",", ":")).encode()


async def upload(session: aiohttp.ClientSession, base_url: str, token: str, body: Json) -> tuple[int, Json]:
    """Send one body as the CLI does and return the status and what came back. Once: the CLI would try four times."""
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "Accept-Encoding": "gzip",
    }
    url = f"{base_url}/api/v1/affected-stacks"
    async with session.post(url, data=encode(body), headers=headers) as response:
        text = await response.text()
        try:
            answer = json.loads(text)
        except ValueError:
            answer = {"errorMessage": text}
        return response.status, answer


def changed_by(model: Model, paths: Collection[str]) -> list[Key]:
    """Find the instances that a change of these paths touches: their component's folder, or `stacks/<stack>.yaml`."""
    return sorted(
        key
        for key, configured in model.instances.items()
        if f"stacks/{key[0]}.yaml" in paths
        or f"stacks/catalog/{key[1]}.yaml" in paths
        or any(path.startswith(f"{configured.path}/") for path in paths)
    )
