"""How an upload lies in the inbox: a line that says whose it is and how it was asked, then the body as it came."""

from __future__ import annotations

import msgspec

from bot.domain.claims import Claims


class Header(msgspec.Struct, omit_defaults=True, frozen=True):
    """What is known beside the body."""

    credential: str  # whose upload: chunks belong together only under the same one
    query: dict[str, str]
    head_sha: str  # what the upload is about, so that its place is found without reading all of it
    batch_id: str = ""  # set: the body is empty, and the chunks of this batch are the upload
    base_sha: str = ""
    claims: Claims | None = None  # of the run that sent it; None where a static key did


_header = msgspec.json.Decoder(Header)


def pack(header: Header, body: bytes) -> bytes:
    """Put an upload into one piece."""
    return msgspec.json.encode(header) + b"\n" + body


def unpack(packed: bytes) -> tuple[Header, bytes]:
    """Take apart what `pack` made; raises ValueError where it is something else."""
    line, found, body = packed.partition(b"\n")
    if not found:
        raise ValueError("this is no packed upload: its first line does not end")
    return _header.decode(line), body
