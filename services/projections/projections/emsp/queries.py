"""One function a question of the service provider."""

from projections.reading import Reader, Row, Select


async def session_of(reader: Reader, tenant: str, session_id: str) -> Row | None:
    """The session, if it is one of the tenant's drivers'."""
    rows = await reader.select(Select(table="sessions", key={"tenant": tenant, "session_id": session_id}, limit=1))
    return rows[0] if rows and "cpo_tenant" in rows[0] else None


async def site_of(reader: Reader, session: Row) -> Row | None:
    """Where it was."""
    if "site_id" not in session:
        return None
    key = {"tenant": session["cpo_tenant"], "site_id": session["site_id"]}
    rows = await reader.select(Select(table="sites", key=key, limit=1))
    return rows[0] if rows else None
