"""The bodies of commands: the contracts' records, with tokens and secrets in clear."""

import types
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StrictInt, StrictStr, create_model

from charger_gateway.adapters.http.edge import Body
from charger_gateway.adapters.ocpp.commands.variables import is_secret
from charger_gateway.adapters.ocpp.commands.words import SHARED
from ev_contracts.accounts import TokenSnapshot
from ev_contracts.gateway import VariableSetting
from ev_contracts.record import Record

R = TypeVar("R", bound=Record)
TokenType = Literal["Central", "eMAID", "ISO14443", "ISO15693", "KeyCode", "Local", "MacAddress"]

_SEALED = "_sealed"
_GROUP = "group_id_token_sealed"
_ClearDecimal = Annotated[Decimal, Field(max_digits=24, decimal_places=8, allow_inf_nan=False)]
_DEFAULTS = {("ResetStation", "hard"): False}


class ClearToken(BaseModel):
    """A token as its reader gives it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    uid: Annotated[str, Field(min_length=1, max_length=255)]
    type: TokenType = "Central"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hiding:
    """How what is secret in one command is hidden, and how its tokens are referred to."""

    hide: Callable[[Any], bytes]
    token_of: Callable[[str], TokenSnapshot | None]
    """The token of a uid, where the platform knows it."""

    def group_of(self, token: TokenSnapshot | None) -> bytes | None:
        """The group that a token belongs to, as stations are told it."""
        if token is None or token.group_id is None:
            return None
        return self.hide({"uid": token.group_id, "type": "Central"})


@cache
def body_of(kind: type[Record]) -> type[Body]:
    """The body of a command's route."""
    fields = _fields(kind)
    made: type[Body] = create_model(f"{kind.__name__}Body", __base__=Body, __doc__=kind.__doc__, **fields)
    return made


@cache
def clear_model(kind: type[Record]) -> type[BaseModel]:
    """A record as people write it."""
    made: type[BaseModel] = create_model(
        f"{kind.__name__}Clear", __config__=ConfigDict(extra="forbid"), __doc__=kind.__doc__, **_fields(kind)
    )
    return made


def _fields(kind: type[Record]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, field in kind.model_fields.items():
        clear = name.removesuffix(_SEALED)
        if name in SHARED or (clear != name and clear in kind.model_fields):
            continue
        default = _DEFAULTS.get((kind.__name__, name), ... if field.is_required() else field.get_default())
        annotation = _secret_type(name, required=field.is_required()) if clear != name else _clear_type(field)
        found[clear] = (annotation, Field(default, description=field.description))
    return found


def _secret_type(name: str, *, required: bool) -> Any:
    kind: Any = StrictStr
    if "id_token" in name:
        kind = ClearToken
    elif name == "data_sealed":
        kind = JsonValue
    elif name == "sim_pin_sealed":
        kind = StrictInt
    return kind if required else kind | None


def _clear_type(field: Any) -> Any:
    annotation = _cleared(field.annotation)
    if annotation is _ClearDecimal or not field.metadata:
        return annotation
    return Annotated[annotation, *field.metadata]


def _cleared(annotation: Any) -> Any:
    """The type of a field in a body: records become their clear twins, decimals are read from JSON numbers."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if annotation is Decimal or (origin is Annotated and parts[0] is Decimal):
        return _ClearDecimal
    if origin in {Union, types.UnionType}:
        return Union[tuple(_cleared(part) for part in parts)]  # noqa: UP007 - the parts are known at run time only
    if origin is tuple:
        return tuple[_cleared(parts[0]), ...]  # type: ignore[misc]  # known at run time only
    if isinstance(annotation, type) and issubclass(annotation, Record):
        return clear_model(annotation)
    return annotation


def record_of(kind: type[R], clear: BaseModel, hiding: Hiding, **own: Any) -> R:
    """The record that a body means, with everything secret hidden."""
    values: dict[str, Any] = {}
    for name, field in kind.model_fields.items():
        if name in own or name in SHARED:
            continue
        value = getattr(clear, name.removesuffix(_SEALED))
        if name.endswith(_SEALED):
            values[name] = _hidden(value, hiding)
        else:
            values[name] = _record_value(field.annotation, value, hiding)
    if "token_ref" in kind.model_fields and "token_ref" not in own:
        values |= _known_of_token(values, clear, hiding)
    if kind is VariableSetting:
        values["value" if is_secret(values["variable"]) else "value_sealed"] = None
    return kind(**own, **values)


def _known_of_token(values: dict[str, Any], clear: BaseModel, hiding: Hiding) -> dict[str, Any]:
    """The reference of the body's token, and its group where the body names none."""
    token = getattr(clear, "id_token", None)
    known = None if token is None else hiding.token_of(token.uid)
    told = {"token_ref": None if known is None else known.token_ref}
    # An entry of a list without a status is taken out of it: nothing more is said of it.
    wants_group = values.get(_GROUP, b"") is None and getattr(clear, "status", "") is not None
    return {**told, _GROUP: hiding.group_of(known)} if wants_group else told


def _hidden(value: Any, hiding: Hiding) -> bytes | None:
    if value is None:
        return None
    return hiding.hide(value.model_dump() if isinstance(value, BaseModel) else value)


def _record_value(annotation: Any, value: Any, hiding: Hiding) -> Any:
    if isinstance(value, tuple | list):
        inner = get_args(annotation)[0]
        return tuple(_record_value(inner, one, hiding) for one in value)
    if isinstance(value, BaseModel):
        kind = next(part for part in (annotation, *get_args(annotation)) if _is_record(part))
        return record_of(kind, value, hiding)
    return value


def _is_record(part: Any) -> bool:
    return isinstance(part, type) and issubclass(part, Record)
