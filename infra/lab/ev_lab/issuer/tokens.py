"""Signs the lab's tokens: RS256, an hour long, with a key made at the first start and kept with the lab's secrets."""

import os
import time
from contextlib import suppress
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from ev_lab.issuer.users import User

AUDIENCE = "ev-assets-manager"
LIFETIME_S = 3600


class Signer:
    """One issuer's signing key. Tokens stay on wall time: the lab's own clock is the business's, not theirs."""

    def __init__(self, key_path: Path, issuer: str) -> None:
        self.issuer = issuer
        self._key = _key(key_path)

    def jwks(self) -> dict[str, object]:
        """The public half, as a JWK set."""
        return dict(KeySet([self._key]).as_dict(private=False))

    def access_token(self, user: User) -> str:
        """A bearer token for every edge of the platform."""
        return self._sign(user, {"aud": AUDIENCE, "scope": "openid"})

    def id_token(self, user: User, *, client_id: str, nonce: str | None) -> str:
        """Tells the client who signed in."""
        return self._sign(user, {"aud": client_id, **({"nonce": nonce} if nonce else {})})

    def _sign(self, user: User, own: dict[str, object]) -> str:
        now = int(time.time())
        claims = {"iss": self.issuer, "sub": user.username, "iat": now, "nbf": now, "exp": now + LIFETIME_S}
        return jwt.encode({"alg": "RS256", "kid": self._key.kid}, {**claims, **user.claims(), **own}, self._key)


def _key(path: Path) -> RSAKey:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_bytes(RSAKey.generate_key(2048).as_pem(private=True))
        with suppress(FileExistsError):  # the first of two starters wins; the other uses the winner's key
            os.link(draft, path)
        draft.unlink()
    key = RSAKey.import_key(path.read_bytes(), {"use": "sig", "alg": "RS256"})
    key.ensure_kid()
    return key
