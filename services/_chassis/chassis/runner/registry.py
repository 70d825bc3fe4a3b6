"""The schema registry as the loop meets it: checked at start, asked for shapes not carried, never needed otherwise."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import httpx2

from chassis.codec import Codec, UnknownShape, WrongIds
from chassis.telemetry import Log as Lines

_TIMEOUT_S = 5.0
_SAMPLE = 12
_PAUSE_S = 5.0


class Registry:
    """Confluent's API at `url`; an empty url is no registry (memory)."""

    def __init__(self, url: str, codec: Codec, lines: Lines) -> None:
        self._url = url.rstrip("/")
        self._codec = codec
        self._lines = lines

    async def check(self) -> None:
        """Compare a sample of our ids with the registry's. Raises WrongIds; a registry that is down is a warning."""
        if not self._url:
            return
        shapes = sorted(self._codec.shapes.values(), key=lambda shape: self._codec.ids[shape.fingerprint])
        step = max(1, len(shapes) // _SAMPLE)
        try:
            async with self._client() as client:
                for shape in {each.name: each for each in [*shapes[::step], *shapes[-1:]]}.values():
                    schema_id = self._codec.ids[shape.fingerprint]
                    if await self._get(client, schema_id) != json.loads(json.dumps(shape.schema)):
                        raise WrongIds(
                            f"registry {self._url} does not hold {shape.name} under id {schema_id}: "
                            "it lost its store, or the ids file belongs to another registry; release the contracts"
                        )
        except httpx2.HTTPError as error:
            self._lines.warning("registry.unreachable", error=type(error).__name__)
            return
        self._lines.info("registry.checked", shapes=len(shapes))

    @staticmethod
    def _client() -> httpx2.AsyncClient:
        # One for all questions: each makes a context of certificates of its own, which costs 50 ms of work.
        return httpx2.AsyncClient(timeout=_TIMEOUT_S)

    async def _get(self, client: httpx2.AsyncClient, schema_id: int) -> Mapping[str, Any] | None:
        answer = await client.get(f"{self._url}/schemas/ids/{schema_id}")
        if answer.status_code == httpx2.codes.NOT_FOUND:
            return None
        schema: Mapping[str, Any] = json.loads(answer.raise_for_status().json()["schema"])
        return schema

    async def learn(self, shape: UnknownShape) -> None:
        """Wait for the registry until it tells the writer's schema: a pause, never a skip. Raises WrongIds."""
        while True:
            try:
                async with self._client() as client:
                    schema = await self._get(client, shape.schema_id) if self._url else None
            except httpx2.HTTPError as error:
                self._lines.warning("registry.unreachable", error=type(error).__name__, schema_id=shape.schema_id)
                await asyncio.sleep(_PAUSE_S)
                continue
            if schema is None or schema.get("name") != shape.name.rpartition(".")[2]:
                raise WrongIds(f"the registry does not know {shape}") from shape
            self._codec.learn(shape.name, shape.fingerprint, schema)
            self._lines.info("schema.learnt", name=shape.name, schema_id=shape.schema_id)
            return
