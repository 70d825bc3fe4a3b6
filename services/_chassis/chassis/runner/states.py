"""A state as JSON and back: one plan per type, made once; and the fingerprint that says when to refold."""

import base64
import dataclasses
import hashlib
import sys
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import orjson
from pydantic import AwareDatetime

_TAG = "~"
_OPTIONS = orjson.OPT_PASSTHROUGH_DATACLASS
_PLAIN = frozenset({str, int, float, bool, type(None), Any, object})

Decode = Callable[[Any], Any]
_field_names: dict[type, tuple[str, ...]] = {}
_records: set[type] = set()


def _is_record(kind: Any) -> bool:
    return hasattr(kind, "__pydantic_fields__")


def _tagged(value: Any) -> Any:
    """What orjson cannot write by itself; classes carry their name, so that unions can be told apart."""
    kind = type(value)
    names = _field_names.get(kind)
    if names is not None:
        tagged = {name: getattr(value, name) for name in names}
        tagged[_TAG] = kind.__name__
        return tagged
    if kind in _records:
        return {_TAG: kind.__name__, **value.__dict__}
    if dataclasses.is_dataclass(kind):
        _field_names[kind] = tuple(each.name for each in dataclasses.fields(kind))
        return _tagged(value)
    if _is_record(kind):
        _records.add(kind)
        return _tagged(value)
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, AbstractSet):
        return sorted(value)
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, timedelta):
        return value // timedelta(microseconds=1)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a state may not hold a {type(value).__name__}")


def dumps(value: Any) -> bytes:
    """JSON of states and of anything made of what states may hold. Keys keep their order: equal values, equal bytes."""
    return orjson.dumps(value, default=_tagged, option=_OPTIONS)


def plain_dumps(value: Any) -> bytes:
    """The same without class names, for replies that people read."""
    return orjson.dumps(value, default=_untagged, option=_OPTIONS)


def _untagged(value: Any) -> Any:
    tagged = _tagged(value)
    if isinstance(tagged, dict):
        tagged.pop(_TAG, None)
    return tagged


class _Plans:
    """From type hints to decoders; classes by name within each union."""

    def __init__(self) -> None:
        self._classes: dict[type, Decode] = {}
        self.seen: dict[str, str] = {}

    def plan(self, hint: Any) -> Decode:
        origin = get_origin(hint)
        if origin is typing.Annotated:
            return self.plan(get_args(hint)[0])
        if origin in (Union, types.UnionType):
            return self._union(get_args(hint))
        if origin is Literal or hint in _PLAIN:
            return _same
        if origin is not None:
            return self._collection(origin, get_args(hint))
        supertype = getattr(hint, "__supertype__", None)
        if supertype is not None:
            return self.plan(supertype)
        if isinstance(hint, type) and issubclass(hint, tuple):
            return self._named_tuple(hint)
        if isinstance(hint, type):
            return _SCALARS.get(hint) or self._class(hint)
        raise TypeError(f"no plan for {hint!r} in a state")

    def _union(self, members: Sequence[Any]) -> Decode:
        rest = [member for member in members if member is not type(None)]
        tagged = {member.__name__: self.plan(member) for member in rest if _has_fields(member)}
        others = [self.plan(member) for member in rest if not _has_fields(member)]
        other = others[0] if len(others) == 1 else _same

        def decode(value: Any) -> Any:
            if value is None:
                return None
            if tagged and isinstance(value, dict) and value.get(_TAG) in tagged:
                return tagged[value[_TAG]](value)
            return other(value)

        return decode

    def _collection(self, origin: Any, args: Sequence[Any]) -> Decode:
        if issubclass(origin, Mapping):
            key, item = self.plan(args[0]), self.plan(args[1])
            return lambda value: {key(name): item(each) for name, each in value.items()}
        if origin is tuple and (len(args) != 2 or args[1] is not Ellipsis):
            items = [self.plan(each) for each in args]
            return lambda value: tuple(decode(each) for decode, each in zip(items, value, strict=True))
        item = self.plan(args[0])
        build: Any = (
            frozenset if issubclass(origin, AbstractSet) else tuple if issubclass(origin, tuple | Sequence) else None
        )
        if build is None:
            raise TypeError(f"no plan for {origin!r} in a state")
        return lambda value: build(item(each) for each in value)

    def _named_tuple(self, kind: Any) -> Decode:
        hints = get_type_hints(kind)
        fields = [self.plan(hints[name]) for name in kind._fields]
        self._note(kind, list(kind._fields))
        return lambda value: kind(*(decode(each) for decode, each in zip(fields, value, strict=True)))

    def _class(self, kind: Any) -> Decode:
        if issubclass(kind, Enum):
            self._note(kind, [repr(member) for member in kind])
            return kind  # type: ignore[no-any-return]  # calling an enum looks its member up
        if not _has_fields(kind):
            raise TypeError(f"no plan for {kind!r} in a state")
        fields: dict[str, Decode] = {}
        if kind not in self._classes:
            self._classes[kind] = lambda value: kind(**{name: fields[name](value[name]) for name in fields})
            hints = get_type_hints(kind)
            names = kind.__pydantic_fields__ if _is_record(kind) else [each.name for each in dataclasses.fields(kind)]
            self._note(kind, [f"{name}:{hints[name]}" for name in names])
            fields.update({name: self.plan(hints[name]) for name in names})
        return self._classes[kind]

    def _note(self, kind: type, shape: Sequence[str]) -> None:
        self.seen[f"{kind.__module__}.{kind.__qualname__}"] = ",".join(shape)


def _has_fields(kind: Any) -> bool:
    return isinstance(kind, type) and (dataclasses.is_dataclass(kind) or _is_record(kind))


def _same(value: Any) -> Any:
    return value


def _moment(value: str) -> datetime:
    return datetime.fromisoformat(value).astimezone(UTC)


_SCALARS: dict[Any, Decode] = {
    Decimal: Decimal,
    datetime: _moment,
    AwareDatetime: _moment,
    date: date.fromisoformat,
    timedelta: lambda value: timedelta(microseconds=value),
    UUID: UUID,
    bytes: base64.b64decode,
}


def state_type_of(decider: Any) -> Any:
    """The union of the states: `state_type`, or what evolve is annotated to return. Raises TypeError."""
    if decider.state_type is not None:
        return decider.state_type
    hint = get_type_hints(decider.evolve).get("return") if hasattr(decider.evolve, "__annotations__") else None
    if hint is None:
        raise TypeError("evolve must be annotated with the union of the states, or state_type be given")
    return hint


class StateCodec:
    """Reads states of one type; `fingerprint` changes with the states' shape and with the code beside evolve."""

    def __init__(self, decider: Any) -> None:
        plans = _Plans()
        self._decode = plans.plan(state_type_of(decider))
        self.fingerprint = _fingerprint(plans.seen, decider)

    def decode(self, plain: Any) -> Any:
        """The state of parsed JSON."""
        return self._decode(plain)


def _fingerprint(seen: Mapping[str, str], decider: Any) -> str:
    digest = hashlib.sha256()
    for name in sorted(seen):
        digest.update(f"{name}({seen[name]})".encode())
    module = sys.modules.get(getattr(decider.evolve, "__module__", ""), None)
    source = getattr(module, "__file__", None)
    if source:
        # Coarse on purpose: a refold too many costs seconds, one too few costs truth.
        digest.update(Path(source).read_bytes())
    return digest.hexdigest()[:16]
