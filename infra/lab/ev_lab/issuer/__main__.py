"""`python -m ev_lab.issuer`: serve the lab's OpenID provider on loopback (EV_HTTP_PORT, EV_SECRETS_DIR, EV_USERS)."""

import os
from pathlib import Path

import uvicorn

from ev_lab.issuer.app import create_app
from ev_lab.issuer.tokens import Signer
from ev_lab.issuer.users import UserBook


def main() -> None:
    """Serve until stopped."""
    port = int(os.environ["EV_HTTP_PORT"])
    signer = Signer(Path(os.environ["EV_SECRETS_DIR"]) / "issuer-key.pem", f"http://127.0.0.1:{port}")
    app = create_app(signer, UserBook(Path(os.environ["EV_USERS"])))
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


main()
