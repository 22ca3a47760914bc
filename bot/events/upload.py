"""The affected-stacks upload: from the CLI's bytes to entries that `bot.domain.graph.build` takes.

Two shapes are read: the CLI's own request body (stripped or full), and the plain list that
`atmos describe affected --include-dependents --include-settings` prints, with the commits and the repository beside it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

import msgspec

from bot.domain.graph import Graph, build

MOST_CHUNKS = 10_000
LONGEST_BATCH_ID = 200
MOST_PROBLEMS = 20

_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_SWITCH = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False, "": False}
_NOTHING = msgspec.Raw(b"null")
_MARK = b"\xef\xbb\xbf"  # some editors put it before UTF-8
_Switch = Annotated[
    bool | int | str | None, msgspec.Meta(extra_json_schema={"enum": [None, True, False, *_SWITCH, 0, 1]})
]


class BadUpload(ValueError):  # noqa: N818 - it reads as what happened
    """An upload that cannot be used: a sentence for people, and the wrong places in it, a line each."""

    def __init__(self, message: str, problems: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.problems = list(problems)


class _Settings(msgspec.Struct):
    pro: Any = None


class Item(msgspec.Struct, gc=False):
    """One entry of an upload as it stands there."""

    component: str
    stack: str
    nested: list[Item] | None = msgspec.field(name="dependents", default=None)
    # Bytes until they are asked for; a plain default would have no JSON Schema.
    settings: msgspec.Raw = msgspec.field(default_factory=lambda: _NOTHING)
    deleted_text: _Switch = msgspec.field(name="deleted", default=None)
    deletion_type: str | None = None

    @property
    def dependents(self) -> Sequence[Item]:
        """List what depends on this entry directly."""
        return self.nested or ()

    @property
    def deleted(self) -> bool:
        """Tell whether the commit removes this instance."""
        return bool(self.deleted_text) and _SWITCH.get(str(self.deleted_text).strip().lower(), False)

    @property
    def pro(self) -> Any:
        """Decode `settings.pro`; None where there is none."""
        if self.settings == _NOTHING:
            return None
        try:
            return _SETTINGS.decode(self.settings).pro
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return bytes(self.settings)  # no mapping, which is told on the instance

    def same_pro(self, other: Item) -> bool:
        """Tell whether both carry equal `settings.pro`."""
        return self.settings == other.settings or bool(self.pro == other.pro)


class Body(msgspec.Struct):
    """What the CLI sends."""

    stacks: list[Item] | None
    head_sha: str | None = None
    base_sha: str | None = None
    repo_owner: str | None = None
    repo_name: str | None = None
    batch_id: str | None = None
    batch_index: int | None = None
    batch_total: int | None = None


class _Places(msgspec.Struct):
    """The start of the CLI's body: the commits and the repository."""

    head_sha: str | None
    base_sha: str | None
    repo_owner: str
    repo_name: str


_SETTINGS = msgspec.json.Decoder(_Settings)
_BODY = msgspec.json.Decoder(Body)
_LIST = msgspec.json.Decoder(list[Item])


@dataclass(frozen=True, slots=True)
class Upload:
    """What one request said. Without chunks `batch_id` is empty and the request is number 0 of 1."""

    head_sha: str
    base_sha: str
    repo_owner: str
    repo_name: str
    batch_id: str
    batch_index: int
    batch_total: int
    entries: list[Item]


def parse_upload(body: bytes, query: Mapping[str, str]) -> Upload:
    """Read an upload; `query` gives head_sha, base_sha and repo (owner/name) where the body is the plain list.

    Raises BadUpload, with the JSON paths of what is wrong.
    """
    text = body.removeprefix(_MARK)
    plain = _is_plain(text)
    try:
        raw = _decode(text, query, plain)
    except RecursionError:
        raise BadUpload("The upload is nested too deeply to be read.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadUpload(f"The upload is not JSON: {error}.") from None
    batch = batch_problems(raw.batch_id, raw.batch_index, raw.batch_total)
    problems = [*_check_places(raw, plain), *batch, *_check_deleted(raw, plain)]
    if problems:
        raise BadUpload("The upload lacks something or holds a wrong value.", problems[:MOST_PROBLEMS])
    return Upload(
        head_sha=(raw.head_sha or "").lower(),
        base_sha=(raw.base_sha or "").lower(),
        repo_owner=raw.repo_owner or "",
        repo_name=raw.repo_name or "",
        batch_id=raw.batch_id or "",
        batch_index=raw.batch_index or 0,
        batch_total=raw.batch_total or 1,
        entries=raw.stacks or [],
    )


def with_places(body: bytes, query: Mapping[str, str]) -> bytes:
    """Give the plain list the CLI's form, with what stood in `query`, so that it can be read again without that."""
    text = body.removeprefix(_MARK)
    if not _is_plain(text):
        return body
    head, rest = _Places(*_places(query)), b',"stacks":' + text + b"}"
    return msgspec.json.encode(head)[:-1] + rest


def _is_plain(text: bytes) -> bool:
    return text[:200].lstrip()[:1] == b"["


def _decode(text: bytes, query: Mapping[str, str], plain: bool) -> Body:
    try:
        return _from_list(_LIST.decode(text), query) if plain else _BODY.decode(text)
    except msgspec.ValidationError as error:
        problems = _problems(msgspec.json.decode(text), str(error))
        raise BadUpload("The upload does not have the expected shape.", problems) from None


def _from_list(items: list[Item], query: Mapping[str, str]) -> Body:
    return Body(items, *_places(query))


def _places(query: Mapping[str, str]) -> tuple[str | None, str | None, str, str]:
    owner, _, name = query.get("repo", "").partition("/")
    return query.get("head_sha"), query.get("base_sha"), owner, name


def _check_places(raw: Body, plain: bool) -> list[str]:
    """Name what is wrong with the commits and the repository."""
    where = "query parameter " if plain else "$."
    problems = [
        f"{where}{name}: expected a commit id of 7 to 64 hexadecimal digits"
        for name, value in (("head_sha", raw.head_sha), ("base_sha", raw.base_sha))
        if not _COMMIT.fullmatch((value or "").lower())
    ]
    if plain and not (raw.repo_owner and raw.repo_name):
        problems.append("query parameter repo: expected owner/name")
    elif not plain:
        named = (("repo_owner", raw.repo_owner), ("repo_name", raw.repo_name))
        problems.extend(f"$.{name}: expected a name, got nothing" for name, value in named if not value)
    return problems


def batch_problems(batch_id: str | None, index: int | None, total: int | None) -> list[str]:
    """Name what is wrong with the numbers of a chunk."""
    if not batch_id and index is None and total is None:
        return []
    problems = []
    if not batch_id or len(batch_id) > LONGEST_BATCH_ID:
        expected = f"a text of at most {LONGEST_BATCH_ID} characters beside batch_index and batch_total"
        problems.append(f"$.batch_id: expected {expected}")
    if total is None or not 1 <= total <= MOST_CHUNKS:
        problems.append(f"$.batch_total: expected a number from 1 to {MOST_CHUNKS}")
    elif index is None or not 0 <= index < total:
        problems.append(f"$.batch_index: expected a number from 0 to {total - 1}")
    return problems


def _check_deleted(raw: Body, plain: bool) -> list[str]:
    where = "$" if plain else "$.stacks"
    return [
        f"{where}[{index}].deleted: expected true or false"
        for index, item in enumerate(raw.stacks or ())
        if item.deleted_text and str(item.deleted_text).strip().lower() not in _SWITCH
    ]


_FIELDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "component": ("text", lambda value: isinstance(value, str)),
    "stack": ("text", lambda value: isinstance(value, str)),
    "dependents": ("a list", lambda value: value is None or isinstance(value, list)),
    "deleted": ("true or false", lambda value: value is None or isinstance(value, (bool, int, str))),
    "deletion_type": ("text", lambda value: value is None or isinstance(value, str)),
}
_MISSING = object()


def _problems(value: Any, first: str) -> list[str]:
    """Find the places that do not fit, with their index, in a body that was refused; at most MOST_PROBLEMS."""
    if not isinstance(value, (list, dict)):
        return ["$: expected an object with the key `stacks`, or the list that `atmos describe affected` prints"]
    items = value.get("stacks", _MISSING) if isinstance(value, dict) else value
    path = "$" if isinstance(value, list) else "$.stacks"
    if items is _MISSING:
        return ["$.stacks: missing"]
    if not isinstance(items, list):
        return [f"$.stacks: expected a list, got {_kind(items)}"] if items is not None else [first]
    problems: list[str] = []
    todo = [(f"{path}[{index}]", item) for index, item in enumerate(items)][::-1]
    while todo and len(problems) < MOST_PROBLEMS:
        place, item = todo.pop()
        if not isinstance(item, dict):
            problems.append(f"{place}: expected an object, got {_kind(item)}")
            continue
        for name, (expected, fits) in _FIELDS.items():
            found = item.get(name, None if name not in ("component", "stack") else _MISSING)
            if found is _MISSING:
                problems.append(f"{place}.{name}: missing")
            elif not fits(found):
                problems.append(f"{place}.{name}: expected {expected}, got {_kind(found)}")
        nested = item.get("dependents")
        if isinstance(nested, list):
            todo.extend([(f"{place}.dependents[{index}]", below) for index, below in enumerate(nested)][::-1])
    return problems or [first]


def _kind(value: object) -> str:
    if value is None:
        return "null"
    kinds = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list", dict: "an object"}
    return kinds[type(value)]


def merge(uploads: Sequence[Upload]) -> Upload:
    """Make one upload of all chunks of a batch; raises BadUpload where one is missing or speaks of something else."""
    if not uploads:
        raise BadUpload("The parts of the batch are not here any more; upload it again.")
    chunks = sorted(uploads, key=lambda upload: upload.batch_index)
    first = chunks[0]
    if [chunk.batch_index for chunk in chunks] != list(range(first.batch_total)):
        raise BadUpload(f"The batch is not complete: {len(chunks)} of {first.batch_total} parts are here.")
    for chunk in chunks:
        if replace(chunk, entries=[], batch_index=0) != replace(first, entries=[], batch_index=0):
            raise BadUpload("The parts of the batch name different commits, repositories or totals.")
    entries = [item for chunk in chunks for item in chunk.entries]
    return replace(first, batch_id="", batch_index=0, batch_total=1, entries=entries)


def content_key(upload: Upload, graph: Graph | None = None) -> str:
    """Hash what an upload says: commits, instances, settings, edges, whatever their order; not the repository.

    `graph` is the graph of the same upload, where the caller has it already. 64 hexadecimal digits.
    """
    graph = graph or build(upload.entries)
    gone = {(item.stack, item.component, item.deletion_type) for item in upload.entries if item.deleted}
    said = [
        (instance, node.pro, node.deleted, node.changed, node.problem, graph.children[instance])
        for instance, node in sorted(graph.nodes.items())
    ]
    encoded = msgspec.json.encode(
        [upload.head_sha, upload.base_sha, sorted(gone, key=str), said], order="deterministic"
    )
    return hashlib.sha256(encoded).hexdigest()
