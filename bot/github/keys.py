"""Read the App's private key in each of the forms in which settings can carry it."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

#: GitHub's keys have this many bits; what signs the App's tokens takes no shorter one.
_BITS = 2048
_BEGIN = "-----BEGIN"
_FORMS = "It may be given as PEM text (line breaks as they are or as \\n), as base64 of that text, or as a file's path."


def load_private_key(text: str) -> str:
    """Find the PEM text in what a setting holds: the text itself, its base64, or the path of its file.

    Raises ValueError with a sentence for people that never quotes the value.
    """
    pem = _find(text.strip())
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except TypeError:
        raise ValueError("The private key has a password; use the file as GitHub gave it, which has none.") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError(
            "The private key is damaged: " + _cause(pem) + " Copy the whole file that GitHub gave."
        ) from None
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("The private key is not an RSA key; use the file that GitHub gave for the App.")
    return pem


def long_enough(pem: str) -> str:
    """Return an RSA key as it is; raises ValueError where it is too short to sign with."""
    key = load_pem_private_key(pem.encode(), password=None, unsafe_skip_rsa_key_validation=True)
    if isinstance(key, RSAPrivateKey) and key.key_size < _BITS:
        raise ValueError(
            f"It has {key.key_size:,} bits, and at least {_BITS:,} are needed; generate one on the App's page."
        )
    return pem


def _find(value: str) -> str:
    if not value:
        raise ValueError("The private key is empty. " + _FORMS)
    for candidate in (value, _from_base64(value), _from_file(value)):
        if _BEGIN in candidate:
            return candidate.replace("\\n", "\n").replace("\r\n", "\n").strip() + "\n"
    raise ValueError("No private key was found in what was given, nor in a file of that name. " + _FORMS)


def _from_base64(value: str) -> str:
    try:
        return base64.b64decode("".join(value.split()), validate=True).decode()
    except (binascii.Error, ValueError):
        return ""


def _from_file(value: str) -> str:
    try:
        return Path(value).expanduser().read_text()
    except (OSError, ValueError, RuntimeError):
        return ""  # RuntimeError: a home directory that does not exist


def _cause(pem: str) -> str:
    return "its end is missing." if "-----END" not in pem else "what is between its first and last line is not a key."
