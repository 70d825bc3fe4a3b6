"""A no-show is priced as a session of nothing but its reservation."""

from collections.abc import Sequence

from chassis.decider import EventContext, To
from ev_contracts.record import Record
from ev_contracts.sessions import NoShowFound, SessionClosed
from pricing.domain.no_show import no_show_facts
from pricing.policies import on_session
from pricing.ports import TariffBook

NO_SHOW = "no-show"


def on_reservation(event: Record, context: EventContext, tariffs: TariffBook) -> Sequence[To]:
    """One RateSession per relation, as for a closed session, under the reservation's id."""
    if not isinstance(event, NoShowFound) or event.place is None or event.parties is None:
        return []  # without its parties it was made before reservations said who pays for them
    no_show = SessionClosed(
        session_id=event.reservation_id,
        station_id=event.place.station_id,
        transaction_id="",
        rule=NO_SHOW,
        closed_at=event.found_at,
        end_reason=NO_SHOW,
        facts=no_show_facts(event.reservation_id, event.facts),
        place=event.place,
        parties=event.parties,
    )
    return on_session(no_show, context, tariffs)
