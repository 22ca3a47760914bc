"""Inventories: all instances that a repository configures, as `atmos list instances --upload` sends them.

The one that a run on the default branch sends is kept as the repository's inventory. Any other only tells that its
instances were seen. It cannot be told from one that `--stack` made smaller (`bot.store.inventory`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from bot.domain import names
from bot.domain.claims import Claims
from bot.domain.lanes import lane_of_repo
from bot.events.context import Context, InLane, Place
from bot.events.packing import unpack
from bot.events.upload import MOST_PROBLEMS, BadUpload, batch_problems
from bot.store import chunks
from bot.store.db import Db
from bot.store.inbox import Row
from bot.store.inventory import Entry

#: As many instances as one inventory may list.
MOST = 20_000
#: The kind of input.
KIND = "inventory"


_Name = Annotated[str, msgspec.Meta(extra_json_schema={"pattern": names.PATTERN, "maxLength": names.LONGEST})]
_Type = Annotated[str, msgspec.Meta(extra_json_schema={"pattern": f"^$|{names.PATTERN}", "maxLength": names.LONGEST})]


class Settings(msgspec.Struct):
    """The settings of an instance; older CLIs send more of them."""

    pro: Any = None


class Listed(msgspec.Struct, gc=False):
    """One instance of an inventory. Older CLIs send more of it."""

    component: _Name
    stack: _Name
    component_type: _Type | None = None
    settings: Settings | None = None


class Inventory(msgspec.Struct):
    """What the CLI sends."""

    instances: list[Listed] | None
    repo_url: str | None = None
    repo_owner: str | None = None
    repo_name: str | None = None
    repo_host: str | None = None
    batch_id: str | None = None
    batch_index: int | None = None
    batch_total: int | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """What a repository configures, as somebody told."""

    repo_id: int
    entries: tuple[Entry, ...]
    at: float
    claims: Claims | None
    why_not: str  # to be kept; empty where it is


_decode = msgspec.json.Decoder(Inventory).decode


def parse(body: bytes) -> Inventory:
    """Read an inventory, or a part of one; raises BadUpload with the JSON paths of what is wrong."""
    try:
        told = _decode(body.removeprefix(b"\xef\xbb\xbf"))
    except msgspec.ValidationError as error:
        raise BadUpload("The inventory does not have the expected shape.", [str(error)]) from None
    except RecursionError:
        raise BadUpload("The inventory is nested too deeply to be read.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadUpload(f"The inventory is not JSON: {error}.") from None
    _check_size(len(told.instances or ()))
    problems = [*batch_problems(told.batch_id, told.batch_index, told.batch_total), *_name_problems(told)]
    if problems:
        raise BadUpload("The inventory holds wrong values.", problems[:MOST_PROBLEMS])
    return told


def not_kept(claims: Claims | None, default_branch: str, size: int) -> str:
    """Tell why an inventory of `size` instances is not to be kept as the repository's; empty where it is."""
    if claims is None:
        return "a key sent it, so nobody vouches for its branch"
    # Such a run stands on the default branch, and most of them check out the pull request all the same.
    if claims.branch != default_branch or claims.event == "pull_request_target":
        return f"the run that sent it does not work on `{default_branch}`"
    if not size:
        return "it is empty, which would say that everything is gone"
    return ""


def place(_payload: dict[str, Any], row: Row, _db: Db) -> Place:
    """Work the inventories of a repository one after the other."""
    repo_id = row.repo_id or 0
    return InLane(lane_of_repo(repo_id), repo_id)


async def gather(row: Row, ctx: Context) -> Listing:
    """Read an inventory, and find out whether it is to be kept."""
    repo = ctx.repo(row.repo_id or 0)
    header, body = unpack(row.body)
    bodies = [body]
    if header.batch_id:
        batch = header.batch_id
        bodies = chunks.bodies(ctx.db, kind=KIND, repo_id=repo.id, credential=header.credential, batch_id=batch)
    entries = await asyncio.to_thread(_read, bodies)
    why_not = not_kept(header.claims, repo.default_branch, len(entries))
    return Listing(repo.id, entries, row.at, header.claims, why_not)


def _read(bodies: Sequence[bytes]) -> tuple[Entry, ...]:
    """Parse the parts of an inventory. Slow for large ones: not for the loop's own thread."""
    parts = [parse(body) for body in bodies]
    if [part.batch_index or 0 for part in parts] != list(range(parts[0].batch_total or 1) if parts else [0]):
        raise BadUpload("The batch of the inventory is not complete any more; upload it again.")
    found = {
        (one.stack, one.component, one.component_type or ""): one for part in parts for one in part.instances or ()
    }
    _check_size(len(found))
    return tuple(Entry(*key, _pro(one)) for key, one in sorted(found.items()))


def _pro(one: Listed) -> bytes | None:
    pro = one.settings.pro if one.settings is not None else None
    return msgspec.json.encode(pro) if pro is not None else None


def _check_size(count: int) -> None:
    if count > MOST:
        raise BadUpload(f"The inventory lists more than {MOST} instances, which is the most that is kept.")


def _name_problems(told: Inventory) -> list[str]:
    problems: list[str] = []
    for index, one in enumerate(told.instances or ()):
        named = (("component", one.component), ("stack", one.stack), ("component_type", one.component_type or "none"))
        for key, name in named:
            if not names.allowed(name):
                problems.append(f"$.instances[{index}].{key}: `{names.shown(name)}` cannot be used as a name")
        if len(problems) >= MOST_PROBLEMS:
            break
    return problems
