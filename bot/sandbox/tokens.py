"""Who is calling: the app by its JWT, or an installation by its token."""

from collections.abc import Callable

import jwt
from jwt.types import Options

from bot.sandbox.errors import ApiError
from bot.sandbox.ids import digest_of
from bot.sandbox.state import App

LIFE_SECONDS = 3600


class Tokens:
    """Check JWTs against the app's public key, and give out installation tokens. `app` tells which app there is."""

    def __init__(self, *, now: Callable[[], float], app: Callable[[], App]) -> None:
        self._now, self._app = now, app
        self._given: dict[str, tuple[int, float]] = {}

    def mint(self, installation_id: int) -> tuple[str, float]:
        """Return a new installation token and the moment it expires."""
        long = "".join(digest_of("token", installation_id, len(self._given), part) for part in range(13))
        token, expires = f"ghs_{self._app().id}_{long[:510]}", self._now() + LIFE_SECONDS
        self._given[token] = (installation_id, expires)
        return token, expires

    def installation(self, authorization: str) -> int:
        """Return the installation that a header's token belongs to. Raises ApiError 401."""
        token = _bare(authorization)
        installation_id, expires = self._given.get(token, (0, 0.0))
        if expires <= self._now():
            raise ApiError(401, "Bad credentials")
        return installation_id

    def check_app(self, authorization: str) -> None:
        """Check the app's JWT, its times against the sandbox's clock. Raises ApiError 401."""
        try:
            options: Options = {"require": ["exp", "iat", "iss"], "verify_exp": False, "verify_iat": False}
            claims = jwt.decode(_bare(authorization), self._app().public_key, algorithms=["RS256"], options=options)
        except jwt.PyJWTError as error:
            raise ApiError(401, "A JSON web token could not be decoded") from error
        if claims["exp"] <= self._now():
            message = "'Expiration time' claim ('exp') must be a numeric value representing the future time"
            raise ApiError(401, message)
        if str(claims["iss"]) != str(self._app().id):
            raise ApiError(401, "'Issuer' claim ('iss') must be an Integer")
        if claims["exp"] - claims["iat"] > 660:
            raise ApiError(401, "'Expiration time' claim ('exp') is too far in the future")


def _bare(authorization: str) -> str:
    if not authorization:
        raise ApiError(401, "Requires authentication")
    return authorization.split(" ", 1)[-1].strip()
