"""How routes put one command and answer for it: the same for every service's command API."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request, Response

from chassis.clock import new_id
from chassis.http.commands import Accepted, CommandDesk, Outcome, Rejected, body_hash
from chassis.http.problems import Problem
from chassis.tables import Table

_SEEN_WITHIN_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a request says about itself."""

    idempotency_key: str | None
    correlation_id: str

    def key_or_new(self) -> str:
        """A request without a key is like no other."""
        return self.idempotency_key or new_id()


def _asked(
    request: Request,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+$")] = None,
) -> Asked:
    return Asked(idempotency_key=idempotency_key, correlation_id=str(request.state.request_id))


Asking = Annotated[Asked, Depends(_asked)]
"""The type of a route's parameter."""

InTenant = Annotated[
    str | None,
    Query(
        pattern=r"^[a-z0-9][a-z0-9-]{0,31}$",
        description="Where to act; may be left out by callers who belong to one tenant.",
    ),
]
"""The type of a route's query parameter `tenant`; `Caller.tenant` says what it means."""


async def tell(
    desk: CommandDesk,
    asked: Asked,
    *,
    entity: str,
    key: str,
    command: Any,
    body: Any = None,
    table: Table[Any] | None = None,
) -> Outcome:
    """Put one command and wait for the decision, and for the table of versioned snapshots to show it.

    `body` is what the idempotency key stands for; without it, the command but for its time.
    """
    outcome = await desk.client.ask(
        entity=entity,
        key=key,
        command=command,
        idempotency_key=asked.idempotency_key,
        body_hash=body_hash(command.model_dump(mode="json", exclude={"at"}) if body is None else body),
        correlation_id=asked.correlation_id,
    )
    if isinstance(outcome, Accepted) and outcome.events and table is not None:
        version = outcome.events[-1]["stream_version"]
        await table.awaited(key, lambda snapshot: snapshot.version >= version, timeout_s=_SEEN_WITHIN_S)
    return outcome


def answer(
    desk: CommandDesk,
    caller: str,
    outcome: Outcome,
    result: Mapping[str, Any],
    *,
    elsewhere: Collection[str] = (),
) -> Response:
    """201 with the result and what happened, 200 where it was so already, a problem, or 202 and a link.

    A refusal among `elsewhere` says no more than that there is no such thing for this caller.
    """
    if isinstance(outcome, Rejected) and outcome.reason in elsewhere:
        raise Problem(404, "not-found")
    happened = [event["type"] for event in outcome.events] if isinstance(outcome, Accepted) else []
    return desk.respond(
        outcome, caller=caller, result={**result, "happened": happened}, status=201 if happened else 200
    )


def wrong_fields(wrong: Mapping[str, str]) -> Problem:
    """422 that names the fields and what is wrong with each."""
    errors = tuple({"field": field, "message": message} for field, message in wrong.items())
    return Problem(422, "invalid-request", errors=errors)


def refuse_if(wrong: Mapping[str, str]) -> None:
    """Raises Problem 422 that names the fields, if any is wrong."""
    if wrong:
        raise wrong_fields(wrong)
