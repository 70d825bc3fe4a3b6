"""One charging session as its services tell it, with figures that a driver would recognise; for tests."""

from collections.abc import Sequence
from datetime import timedelta

from ev_contracts.assets import (
    Connector,
    Evse,
    Grant,
    GrantScope,
    OwnershipAgreed,
    PartyRole,
    PartySnapshot,
    SiteOpened,
    StationRegistered,
)
from ev_contracts.billing import EntryPosted, InvoiceParty, PostingLine, Side
from ev_contracts.common import (
    CommercialModel,
    ConnectorState,
)
from ev_contracts.gateway import (
    CommandRequested,
    CommandSent,
    CommandSucceeded,
    ConnectorStatusChanged,
    FaultReported,
    StationBooted,
    StationConnected,
    StationDisconnected,
)
from ev_contracts.pricing import SessionRated
from ev_contracts.projections import FeederLoadMeasured
from ev_contracts.roaming import CdrSent
from ev_contracts.sessions import SessionClosed, SessionEnded, SessionStarted
from projections.testing.samples import (
    BOUGHT,
    BOUGHT_NOTE,
    CORRECTION,
    FACTS,
    INVOICE,
    NOON,
    NOTE,
    ONE,
    PARTIES,
    PLACE,
    SESSION,
    STATION,
    TO_DRIVER,
    TO_EMSP,
    Told,
    delivered,
    invoice,
    note,
    rating,
    rerated,
    running_cost,
)


def _assets() -> Sequence[Told]:
    connector = Connector(
        connector_number=1, standard="IEC_62196_T2", max_power_w=22_000, max_voltage_v=230, max_amperage_a=32, dc=False
    )
    site = SiteOpened(
        site_id="site-1",
        cpo_party_id="NL-VLT",
        name="Parkhuis",
        address="Damrak 1",
        city="Amsterdam",
        postal_code="1012 LG",
        country="NL",
        latitude="52.37",
        longitude="4.89",
        time_zone="Europe/Amsterdam",
        feeder_id="feeder-7",
        connection_id="ean-1",
        dso_party_id="NL-GRD",
        grid_limit_w=100_000,
        opened_at=NOON,
    )
    station = StationRegistered(
        station_id=STATION,
        site_id="site-1",
        cpo_party_id="NL-VLT",
        vendor="Acme",
        model="X1",
        serial_number=None,
        evses=(Evse(evse_number=1, evse_id=PLACE.evse_id, connectors=(connector,)),),
        registered_at=NOON,
    )
    ownership = OwnershipAgreed(
        contract_id="own-1",
        contract_version=1,
        cpo_party_id="NL-VLT",
        owner_party_id="NL-OWN",
        site_ids=("site-1",),
        share_permille=300,
        valid_from=NOON,
        agreed_at=NOON,
    )
    return (
        Told(topic="assets.site.event.v1", key="volt/site-1", record=site, version=1),
        Told(topic="assets.station.event.v1", key=f"volt/{STATION}", record=station, version=1),
        Told(topic="assets.contract.event.v1", key="volt/own-1", record=ownership, version=1),
    )


def _gateway() -> Sequence[Told]:
    at = {"station_id": STATION}
    status = {**at, "evse_number": 1, "connector_number": 1, "occurred_at": NOON, "received_at": NOON}
    connection, transaction, desk = (
        "gateway.connection.event.v1",
        "gateway.transaction.event.v1",
        "gateway.desk.event.v1",
    )
    key = f"volt/{STATION}"
    return (
        Told(
            topic=connection,
            key=key,
            record=StationConnected(**at, replica_id="r1", connection_id="c1", ocpp_version="1.6", connected_at=NOON),
        ),
        Told(
            topic="gateway.station.event.v1",
            key=key,
            record=StationBooted(
                **at, ocpp_version="1.6", epoch=0, vendor="Acme", model="X1", firmware_version="1.2", booted_at=NOON
            ),
        ),
        Told(topic=transaction, key=key, record=ConnectorStatusChanged(**status, state=ConnectorState.CHARGING)),
        Told(topic="gateway.station.event.v1", key=key, record=FaultReported(**status, error_code="GroundFailure")),
        Told(
            topic=desk,
            key=key,
            record=CommandRequested(
                **at,
                command_id="cmd-1",
                action="ResetStation",
                requested_by="vera",
                reason="stuck",
                requested_at=NOON,
                expires_at=ONE,
            ),
            version=1,
        ),
        Told(
            topic=desk,
            key=key,
            record=CommandSent(**at, command_id="cmd-1", epoch=0, replica_id="r1", sent_at=NOON),
            version=2,
        ),
        Told(
            topic=desk,
            key=key,
            record=CommandSucceeded(**at, command_id="cmd-1", answer="Accepted", answered_at=NOON),
            version=3,
        ),
    )


def _sessions() -> Sequence[Told]:
    topic, key = "sessions.session.event.v1", f"volt/{STATION}"
    started = SessionStarted(
        session_id=SESSION,
        station_id=STATION,
        transaction_id="77",
        ocpp_version="1.6",
        evse_number=1,
        connector_number=1,
        started_at=NOON,
        meter_start_wh=1_000,
        token_ref="tok-1",  # noqa: S106 - a reference, no secret
        token_status="Accepted",  # noqa: S106 - a reference, no secret
        offline=False,
        place=PLACE,
        parties=PARTIES,
    )
    ended = SessionEnded(
        session_id=SESSION,
        station_id=STATION,
        evse_number=1,
        connector_number=1,
        ended_at=ONE,
        meter_stop_wh=9_400,
        energy_wh=8_400,
        reason="EVDisconnected",
        offline=False,
        place=PLACE,
        parties=PARTIES,
    )
    closed = SessionClosed(
        session_id=SESSION,
        station_id=STATION,
        transaction_id="77",
        rule="settled",
        closed_at=ONE,
        end_reason="EVDisconnected",
        facts=FACTS,
        place=PLACE,
        parties=PARTIES,
    )
    told = (started, delivered(15, 2_100), delivered(30, 4_200), delivered(45, 6_300), ended, closed)
    return [Told(topic=topic, key=key, record=record, version=n) for n, record in enumerate(told, start=1)]


def _money() -> Sequence[Told]:
    emo = InvoiceParty(party_id="NL-EMO", ref=None, legal_name="Emobi", country="NL", vat_number=None)
    dana = InvoiceParty(party_id=None, ref="drv-dana", legal_name="Driver", country="NL", vat_number=None)
    entry = EntryPosted(
        entry_id="ent-1",
        book_tenant="volt",
        book_party_id="NL-VLT",
        session_id=SESSION,
        rating_id="rat-CPO_TO_EMSP",
        relation=TO_EMSP,
        model=CommercialModel.RESALE,
        booked_at=ONE,
        session_ended_at=ONE,
        currency="EUR",
        lines=(
            PostingLine(account="receivable", side=Side.DEBIT, amount_minor=508, currency="EUR", party_id="NL-EMO"),
        ),
        net_minor=420,
        vat_minor=88,
        gross_minor=508,
        owner_party_id="NL-OWN",
        owner_share_permille=300,
        owner_share_minor=126,
        ownership_contract_id="own-1",
        ownership_contract_version=1,
        energy_wh=8_400,
        meter_start_wh=1_000,
        meter_stop_wh=9_400,
        started_at=NOON,
        place=PLACE,
        tariff_id="tar-1",
        tariff_version=1,
    )
    load = FeederLoadMeasured(
        feeder_id="feeder-7",
        connection_id="ean-1",
        tenant="volt",
        window_start_at=NOON,
        window_s=900,
        energy_wh=2_100,
        mean_power_w=8_400,
        evses=1,
        measured_at=NOON + timedelta(minutes=15),
    )
    sold, bought = rating(TO_EMSP, 420, 88), rating(TO_DRIVER, 500, 105)
    rated = {"facts": FACTS, "place": PLACE, "parties": PARTIES, "rated_at": ONE}
    cdr = CdrSent(cdr_id="cdr-1", partner_id="emo", session_id=SESSION, location_url=None, sent_at=ONE)
    cost, ratings, invoices = "pricing.running-cost.sample.v1", "pricing.rating.event.v1", "billing.invoice.event.v1"
    return (
        Told(topic=cost, key=f"volt/{SESSION}", record=running_cost(TO_EMSP, 210, 254)),
        Told(topic=cost, key=f"emo/{SESSION}", record=running_cost(TO_DRIVER, 250, 302)),
        Told(topic=ratings, key="volt/rat-1", record=SessionRated(rating=sold, **rated), version=1),
        Told(topic=ratings, key="emo/rat-2", record=SessionRated(rating=bought, **rated), version=1),
        Told(topic="billing.posting.event.v1", key="volt/ent-1", record=entry, version=1),
        Told(topic=invoices, key="volt/s", record=invoice(INVOICE, "volt", buyer=emo, net=420, vat=88), version=1),
        Told(topic=invoices, key="emo/s", record=invoice(BOUGHT, "emo", buyer=dana, net=500, vat=105), version=1),
        Told(topic="roaming.cdr.event.v1", key="volt/cdr-1", record=cdr, version=1),
        Told(topic="projections.feeder-load.sample.v1", key="volt/ean-1", record=load),
    )


def _corrected() -> Sequence[Told]:
    emo = InvoiceParty(party_id="NL-EMO", ref=None, legal_name="Emobi", country="NL", vat_number=None)
    dana = InvoiceParty(party_id=None, ref="drv-dana", legal_name="Driver", country="NL", vat_number=None)
    sold = invoice(INVOICE, "volt", buyer=emo, net=420, vat=88)
    bought = invoice(BOUGHT, "emo", buyer=dana, net=500, vat=105)
    (entry,) = [each.record for each in _money() if isinstance(each.record, EntryPosted)]
    amounts = {"net_minor": -20, "vat_minor": -4, "gross_minor": -24, "owner_share_minor": -6, "energy_wh": -400}
    less = entry.model_copy(update={"entry_id": "ent-1-1", **amounts, "correction": CORRECTION})
    ratings, invoices = "pricing.rating.event.v1", "billing.invoice.event.v1"
    return (
        Told(topic=ratings, key="volt/rat-1", record=rerated(TO_EMSP, now=(400, 84), before=(420, 88)), version=2),
        Told(topic=ratings, key="emo/rat-2", record=rerated(TO_DRIVER, now=(480, 101), before=(500, 105)), version=2),
        Told(topic="billing.posting.event.v1", key="volt/ent-1", record=less, version=2),
        Told(topic=invoices, key="volt/n", record=note(NOTE, sold, net=400, vat=84), version=1),
        Told(topic=invoices, key="emo/n", record=note(BOUGHT_NOTE, bought, net=480, vat=101), version=1),
    )


CORRECTED: Sequence[Told] = _corrected()
"""A day later, a late reading took 400 Wh off both bills."""
STORY: Sequence[Told] = (*_assets(), *_gateway(), *_sessions(), *_money())
GRANTED = PartySnapshot(
    party_id="NL-GRD",
    legal_name="Gridnet",
    legal_entity_id="nl-1",
    country="NL",
    vat_number=None,
    roles=(PartyRole.DSO,),
    tenant=None,
    currency="EUR",
    grants=(Grant(grant_id="g1", tenant="volt", scope=GrantScope.FEEDER, scope_id="feeder-7"),),
    version=1,
)
DISCONNECTED = StationDisconnected(
    station_id=STATION, epoch=0, connection_id="c1", reason="closed", disconnected_at=ONE
)
