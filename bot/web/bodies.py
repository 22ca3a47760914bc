"""Request bodies: decoded into the same definitions that the API's document is made from."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from flask import request

from bot.domain.names import shown
from bot.web.answers import Refusal

T = TypeVar("T")

#: As large as a body may be where nothing large is expected.
SMALL = 256 * 1024
#: As much of what is wrong as a sentence carries: it may quote what was sent.
_LONGEST = 300


def read(shape: type[T], *, most: int = SMALL) -> T:
    """Decode the request's body; raises Refusal: 400 that names the place, 413 above `most` bytes."""
    request.max_content_length = most
    body = request.get_data(cache=False).removeprefix(b"\xef\xbb\xbf")
    if not body.strip():
        raise Refusal(400, "The body is empty, which is not JSON; Switchyard's docs/api.md shows what it must be.")
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError as error:
        # The CLI drops the end of a message that it shows as a problem too, and for locks it shows the message alone.
        problem = shown(str(error), _LONGEST)
        raise Refusal(
            400, f"Switchyard cannot use this body; docs/api.md shows its form: {problem}", (problem,)
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refusal(400, f"The body is not JSON, whose form docs/api.md shows: {error}.") from None
