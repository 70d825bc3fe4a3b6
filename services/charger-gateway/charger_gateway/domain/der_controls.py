"""DER controls of a 2.1 report: eight kinds in OCPP, one shape of ours with OCPP's names for the numbers."""

from collections.abc import Iterator

from charger_gateway.domain.values import Payload, exact, instant, maybe, whole
from ev_contracts.gateway import DerControl, DerCurvePoint, DerParameter

# The list of the message -> (where its content stands, what the control is called).
_KINDS = {
    "enterService": ("enterService", "EnterService"),
    "fixedPFAbsorb": ("fixedPF", "FixedPFAbsorb"),
    "fixedPFInject": ("fixedPF", "FixedPFInject"),
    "fixedVar": ("fixedVar", "FixedVar"),
    "freqDroop": ("freqDroop", "FreqDroop"),
    "gradient": ("gradient", "Gradients"),
    "limitMaxDischarge": ("limitMaxDischarge", "LimitMaxDischarge"),
}
_NO_PARAMETERS = frozenset({"priority", "duration"})


def controls(payload: Payload) -> tuple[DerControl, ...]:
    """Every control of the message, kind by kind."""
    return tuple(_controls(payload))


def _controls(payload: Payload) -> Iterator[DerControl]:
    for field, (content, kind) in _KINDS.items():
        for one in payload.get(field, ()):
            yield _control(one, one[content], kind)
    for one in payload.get("curve", ()):
        yield _control(one, one["curve"], one["curveType"])


def _control(listed: Payload, content: Payload, kind: str) -> DerControl:
    points = content.get("curveData", ())
    return DerControl(
        control_id=listed["id"],
        kind=kind,
        priority=whole(content, "priority"),
        by_default=listed.get("isDefault"),
        superseded=listed.get("isSuperseded"),
        starts_at=maybe(instant, content, "startTime"),
        duration_s=maybe(exact, content, "duration"),
        unit=content.get("unit") or content.get("yUnit"),
        parameters=tuple(_parameters(content, "")),
        curve=tuple(DerCurvePoint(x=exact(one, "x"), y=exact(one, "y")) for one in points),
    )


def _parameters(content: Payload, prefix: str) -> Iterator[DerParameter]:
    for name, value in content.items():
        if isinstance(value, dict) and name != "customData":
            yield from _parameters(value, f"{prefix}{name}/")
        elif isinstance(value, bool):
            yield DerParameter(name=prefix + name, value=exact({name: int(value)}, name))
        elif isinstance(value, int | float) and (prefix or name not in _NO_PARAMETERS):
            yield DerParameter(name=prefix + name, value=exact(content, name))
