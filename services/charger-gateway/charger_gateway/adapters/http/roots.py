"""The operator's trust store as callers may name it: by what its roots are for."""

from collections.abc import Callable, Sequence
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from charger_gateway.adapters.http.edge import Edge
from charger_gateway.domain.trust_store import chosen
from chassis.http import Problem
from ev_contracts.gateway import TrustedRoot

RootKind: TypeAlias = Literal[
    "CSMSRootCertificate", "ManufacturerRootCertificate", "V2GRootCertificate", "MORootCertificate"
]
RootKinds: TypeAlias = Annotated[tuple[RootKind, ...], Field(max_length=4)]


class TrustStoreWish(BaseModel):
    """Which roots of the operator's trust store a station shall hold: of all kinds that it knows, or of those named."""

    model_config = ConfigDict(extra="forbid")

    certificate_types: RootKinds = ()
    delete_retired: StrictBool = False
    """Whether those that the store calls retired are deleted, whatever they were for."""


def roots_of(
    edge: Edge, certificate_types: Callable[[], Sequence[str]], *, delete_retired: bool
) -> tuple[TrustedRoot, ...]:
    """Those of the store as it is now. Raises Problem 409 where there are none, 503; what `certificate_types` does."""
    if edge.trusted_roots is None:
        raise Problem(409, "no-trust-store")
    types = certificate_types()
    try:
        roots = edge.trusted_roots()
    except (OSError, ValueError) as error:
        raise Problem(503, "trust-store-unreadable") from error
    found = chosen(roots, types, delete_retired=delete_retired)
    if not found:
        raise Problem(409, "no-such-roots", "the trust store has none of these kinds")
    return found
