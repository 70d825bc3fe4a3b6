"""The one line that says how the demo is doing: counted from the log and the services' own metrics."""

import asyncio
from dataclasses import dataclass, field

import httpx2
from aiokafka import AIOKafkaConsumer, TopicPartition

from ev_actors.fleet import Fleet
from ev_actors.journal import Journal

INVOICES = "billing.invoice.event.v1"


@dataclass(slots=True, kw_only=True)
class InvoiceCount:
    """Counts the invoices that are issued from now on."""

    bootstrap: str
    count: int = 0

    async def run(self) -> None:
        """Follow the log until cancelled."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, isolation_level="read_committed")
        await consumer.start()
        try:
            partitions = [TopicPartition(INVOICES, p) for p in consumer.partitions_for_topic(INVOICES) or ()]
            partitions = partitions or [TopicPartition(INVOICES, p) for p in range(4)]
            consumer.assign(partitions)
            await consumer.seek_to_end(*partitions)
            async for _ in consumer:
                self.count += 1
        finally:
            await consumer.stop()


@dataclass(slots=True, kw_only=True)
class Lag:
    """The worst lag of all services, in seconds, as they report it."""

    urls: dict[str, str]
    seconds: float = 0.0
    silent: list[str] = field(default_factory=list)

    async def run(self, *, every_s: float = 2.0) -> None:
        """Ask again and again until cancelled."""
        async with httpx2.AsyncClient(timeout=2) as client:
            while True:
                answers = await asyncio.gather(*(self._of(client, name, url) for name, url in self.urls.items()))
                self.silent = [name for (name, _), lag in zip(self.urls.items(), answers, strict=True) if lag is None]
                self.seconds = max((lag for lag in answers if lag is not None), default=0.0)
                await asyncio.sleep(every_s)

    async def _of(self, client: httpx2.AsyncClient, name: str, url: str) -> float | None:
        del name
        try:
            metrics = (await client.get(f"{url}/metrics-json")).json()
        except (httpx2.HTTPError, ValueError):
            return None
        return max((value for key, value in metrics.items() if key.startswith("lag_seconds")), default=0.0)


def line(fleet: Fleet, journal: Journal, invoices: InvoiceCount, lag: Lag) -> str:
    """Stations, sessions, kWh, invoices, lag."""
    online = sum(station.link.connected for station in fleet.stations)
    running = sum(len(station.sessions) for station in fleet.stations)
    kwh = sum(charged.energy_wh for charged in journal.charged) / 1000
    silent = f" · silent: {', '.join(lag.silent)}" if lag.silent else ""
    return (
        f"{online} of {len(fleet.stations)} stations on line · {running} charging"
        f" · {len(journal.charged)} sessions ended · {kwh:,.1f} kWh · {invoices.count} invoices"
        f" · lag {lag.seconds:.1f} s{silent}"
    )
