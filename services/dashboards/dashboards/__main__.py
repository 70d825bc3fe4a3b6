"""`python -m dashboards`: settings, build, serve."""

import uvicorn

from dashboards.app import build
from dashboards.settings import Settings

if __name__ == "__main__":
    settings = Settings()
    uvicorn.run(
        build(settings),
        host=settings.http_host,
        port=settings.http_port,
        log_level="warning",
        timeout_graceful_shutdown=2,
    )
