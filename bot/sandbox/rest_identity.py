"""Who signs identity tokens, for those who check them."""

from bot.sandbox.call import Answer, Call, OpenRoute
from bot.sandbox.identity import PATH


def discovery(call: Call) -> Answer:
    """Answer GET /.well-known/openid-configuration of the issuer."""
    return Answer(call.hub.issuer.discovery(call.base))


def jwks(call: Call) -> Answer:
    """Answer GET /.well-known/jwks of the issuer."""
    return Answer(call.hub.issuer.jwks())


ROUTES: list[OpenRoute] = [
    ("GET", f"{PATH}/.well-known/openid-configuration", None, discovery),
    ("GET", f"{PATH}/.well-known/jwks", None, jwks),
]
