"""The command API of the accounts, and the doors of their vault."""

from fastapi import FastAPI

from accounts.adapters.http.drivers import add_driver_routes
from accounts.adapters.http.edge import Edge
from accounts.adapters.http.groups import add_group_routes
from accounts.adapters.http.subscriptions import add_subscription_routes
from accounts.adapters.http.tokens import add_token_routes
from accounts.adapters.http.vault_doors import add_vault_routes
from chassis.http import create_app

__all__ = ["Edge", "accounts_app"]


def accounts_app(edge: Edge) -> FastAPI:
    """All routes of the accounts; each names its act."""
    app = create_app("accounts")
    for add in (add_driver_routes, add_token_routes, add_group_routes, add_subscription_routes, add_vault_routes):
        add(app, edge)
    app.include_router(edge.desk.router(edge.guard))
    return app
