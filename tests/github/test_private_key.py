"""The private key, in each form that a setting can carry."""

from __future__ import annotations

import base64
import textwrap

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from bot.github.keys import load_private_key


def test_every_form_gives_the_same_key(pem, tmp_path):
    path = tmp_path / "app.pem"
    path.write_text(pem)
    encoded = base64.b64encode(pem.encode()).decode()
    forms = [
        pem,
        "\n  " + pem + "  ",
        pem.replace("\n", "\\n"),
        pem.replace("\n", "\r\n"),
        encoded,
        "\n".join(textwrap.wrap(encoded, 76)),
        str(path),
    ]
    assert {load_private_key(form) for form in forms} == {pem}


def test_a_file_may_hold_any_form(pem, tmp_path):
    path = tmp_path / "app.pem"
    path.write_text(pem.replace("\n", "\\n"))
    assert load_private_key(str(path)) == pem


def other_keys(pem):
    elliptic = ec.generate_private_key(ec.SECP256R1())
    locked = load_pem_private_key(pem.encode(), None).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")
    )
    return {
        "not an RSA key": elliptic.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        "has a password": locked.decode(),
        "its end is missing": pem[: len(pem) // 2],
        "is not a key": pem[:200] + pem[300:],
        "No private key was found": pem.splitlines()[1],
        "is empty": "  ",
    }


def test_what_is_no_key_is_told_without_being_quoted(pem):
    for sentence, value in other_keys(pem).items():
        with pytest.raises(ValueError, match=sentence) as caught:
            load_private_key(value)
        shown = str(caught.value)
        assert "/" not in shown
        assert not any(line and line in shown for line in value.split())


@pytest.mark.parametrize("value", ["/no/such/file.pem", "~nobody-of-this-name/app.pem", "\0", "x" * 5000, "Zm9v"])
def test_what_leads_nowhere(value):
    with pytest.raises(ValueError, match="No private key was found"):
        load_private_key(value)


def test_a_folder_is_no_key(tmp_path):
    with pytest.raises(ValueError, match="No private key was found"):
        load_private_key(str(tmp_path))
