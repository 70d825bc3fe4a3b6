"""Signs requests to S3-compatible storage: AWS Signature Version 4, with the hash of the body."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote, urlsplit

_ALGORITHM = "AWS4-HMAC-SHA256"
_SERVICE = "s3"


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Key:
    """Who signs, and for which region."""

    access_key: str
    secret_key: str = field(repr=False)
    region: str


def signed(
    key: S3Key, method: str, url: str, *, body_sha256: str, at: datetime, headers: Mapping[str, str] | None = None
) -> dict[str, str]:
    """All headers of the request, the given ones signed too. The path is taken as it is: encoded, without a query."""
    place = urlsplit(url)
    moment = at.strftime("%Y%m%dT%H%M%SZ")
    signed_headers = {
        **{name.lower(): value for name, value in (headers or {}).items()},
        "host": place.netloc,
        "x-amz-content-sha256": body_sha256,
        "x-amz-date": moment,
    }
    names = ";".join(sorted(signed_headers))
    lines = "".join(f"{name}:{signed_headers[name].strip()}\n" for name in sorted(signed_headers))
    path = quote(place.path, safe="/%-_.~")
    canonical = f"{method}\n{path}\n\n{lines}\n{names}\n{body_sha256}"
    scope = f"{moment[:8]}/{key.region}/{_SERVICE}/aws4_request"
    to_sign = "\n".join([_ALGORITHM, moment, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    signature = hmac.digest(_signing_key(key, moment[:8]), to_sign.encode(), hashlib.sha256).hex()
    credential = f"{key.access_key}/{scope}"
    proof = f"{_ALGORITHM} Credential={credential},SignedHeaders={names},Signature={signature}"
    return {**signed_headers, "authorization": proof}


def _signing_key(key: S3Key, day: str) -> bytes:
    made = f"AWS4{key.secret_key}".encode()
    for part in (day, key.region, _SERVICE, "aws4_request"):
        made = hmac.digest(made, part.encode(), hashlib.sha256)
    return made
