"""The two words that every project() is written in: a row as of an event, and what a place or parties add to it."""

from collections.abc import Mapping

from pydantic import BaseModel

from chassis.cassandra import Upsert
from chassis.decider import EventContext
from ev_contracts.common import Parties, Place


def row(
    table: str, ctx: EventContext, key: Mapping[str, object], values: Mapping[str, object], version: int | None = None
) -> Upsert:
    """The row as of the event; another `version` only where the value carries an order of its own."""
    return Upsert(table=table, key=key, values=values, version=ctx.stream_version if version is None else version)


def where(place: Place | None) -> Mapping[str, object]:
    """Columns of a place; an unknown place says nothing, so that it cannot hide a known one."""
    if place is None:
        return {}
    return {"site_id": place.site_id, "evse_id": place.evse_id, "time_zone": place.time_zone}


def who(parties: Parties | None) -> Mapping[str, object]:
    """Columns of the parties; the driver is a reference."""
    if parties is None:
        return {}
    return {
        "cpo_party_id": parties.cpo_party_id,
        "owner_party_id": parties.owner_party_id,
        "emsp_party_id": parties.emsp_party_id,
        "emsp_tenant": parties.emsp_tenant,
        "driver_ref": parties.driver_ref,
        "commercial_model": parties.commercial_model.value,
    }


def as_json(record: BaseModel) -> str:
    """A record whole, for rows that are read whole."""
    return record.model_dump_json()
