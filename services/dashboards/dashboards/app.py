"""The composition root: settings in, an app that serves the pages out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse, Response
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates

from chassis.http import Seal, create_app
from chassis.settings import read_secret
from dashboards.adapters.headers import SecurityHeaders
from dashboards.adapters.http.live import add_live
from dashboards.adapters.http.pages import Desk, add_failures, add_pages
from dashboards.adapters.http.signin import add_sign_in
from dashboards.adapters.http.visitors import Visitors
from dashboards.adapters.oidc import OidcProvider
from dashboards.adapters.read_models import HttpReadModels
from dashboards.ports import Provider, ReadModels
from dashboards.settings import Settings
from dashboards.showing import FILTERS

HERE = Path(__file__).resolve().parent
VENDOR = {
    "htmx.js": "htmx.org/dist/htmx.min.js",
    "uplot.js": "uplot/dist/uPlot.iife.min.js",
    "uplot.css": "uplot/dist/uPlot.min.css",
}
"""The third-party files that are served, and nothing else of what npm laid down."""


class AssetsMissing(RuntimeError):
    """The third-party scripts were not installed."""


def build(settings: Settings, *, models: ReadModels | None = None, provider: Provider | None = None) -> FastAPI:
    """The pages. Raises MissingSecret, and AssetsMissing where `make setup` did not run."""
    http_models = HttpReadModels(settings.read_model)
    http_provider = OidcProvider(settings.oidc_issuer, settings.client_id, settings.oidc_audience)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await http_models.close()
        await http_provider.close()

    app = create_app("dashboards")
    app.router.lifespan_context = lifespan
    app.add_middleware(SecurityHeaders)
    templates = Jinja2Templates(directory=HERE / "templates")
    templates.env.filters.update(FILTERS)
    visitors = Visitors(
        seal=Seal(read_secret(settings, "page-token-key"), "session-cookie"),
        secure=settings.public_url.startswith("https:"),
    )
    desk = Desk(visitors=visitors, models=models or http_models, templates=templates)
    _add_static(app, settings.assets_dir)
    add_sign_in(app, visitors, provider or http_provider, settings.public_url)
    add_live(app, desk)
    add_pages(app, desk)
    add_failures(app, desk)
    return app


def _add_static(app: FastAPI, assets: Path) -> None:
    missing = [name for name in VENDOR.values() if not (assets / name).is_file()]
    if missing:
        raise AssetsMissing(f"{', '.join(missing)} not found under {assets}: run make setup")

    @app.get("/static/vendor/{name}", include_in_schema=False)
    async def vendor(name: str) -> Response:
        return FileResponse(assets / VENDOR[name]) if name in VENDOR else Response(status_code=404)

    @app.get("/health/live", include_in_schema=False)
    @app.get("/health/ready", include_in_schema=False)
    async def healthy() -> dict[str, bool]:
        return {"ready": True}

    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
