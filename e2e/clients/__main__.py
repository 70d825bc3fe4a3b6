"""`python -m clients [name ...]`: runs foreign clients against a gateway of ours; 1 where one fails or cannot run."""

import asyncio
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from chassis.testing import eventually
from clients.doorman import doorman
from clients.drive import Run, commanded, connected, summed_up
from clients.foreign import Client, build, clients, orders
from clients.script import answers, session
from conformance.seeding import SECRET
from conformance.stand import Stand, standing

SAID_WITHIN_S = 120.0


async def _scripted(stand: Stand, client: Client, home: Path) -> Run:
    run, station_id = Run(client=client.name, version=client.version), stand.take()
    script = {"session": session(client.version), "answers": answers(client.version)}
    file = home / f"{station_id}.json"
    url = stand.url(station_id).removesuffix(f"/{station_id}")
    file.write_text(orders(client, url, station_id, SECRET, **script), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        *client.run, str(file), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdin is not None
    listening = asyncio.create_task(_listen(process.stdout, run))
    try:
        await eventually(lambda: "done" in run.said or listening.done(), deadline_s=SAID_WITHIN_S, what=client.name)
        if "done" in run.said:
            run.said.remove("done")
            await commanded(stand, station_id, run)
    finally:
        process.stdin.close()
        await asyncio.wait_for(process.wait(), 20)
        await listening
    await summed_up(stand, station_id, run)
    return run


async def _listen(lines: asyncio.StreamReader, run: Run) -> None:
    while line := (await lines.readline()).decode().strip():
        word, _, rest = line.partition(" ")
        if word == "failed":
            run.failed.append(rest)
        elif word in {"said", "done"}:
            run.said.append(rest or word)


async def _autonomous(stand: Stand, client: Client) -> Run:
    """The library's own simulator: it knows no password, so a doorman gives it for it."""
    run, station_id = Run(client=client.name, version=client.version), stand.take()
    async with doorman(stand.ocpp_port, station_id, SECRET) as port:
        env = os.environ | {"CLIENT_ID": station_id, client.url_in: f"ws://127.0.0.1:{port}/ocpp"}
        process = await asyncio.create_subprocess_exec(
            *client.run, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        assert process.stderr is not None
        noting = asyncio.create_task(process.stderr.read())
        try:
            await connected(stand, station_id)

            async def over() -> bool:
                await summed_up(stand, station_id, run)
                return bool(run.ended) or process.returncode is not None

            await eventually(over, deadline_s=SAID_WITHIN_S, what=f"the session of {client.name}")
            await commanded(stand, station_id, run, client.spared)
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()
    run.failed += [line for line in (await noting).decode().splitlines() if "panic" in line or "level=fatal" in line]
    run.said += ["its own plan"]
    return run


async def _run_all(wanted: list[Client]) -> list[Run]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        async with standing(home) as stand:
            jobs = [_autonomous(stand, one) if one.autonomous else _scripted(stand, one, home) for one in wanted]
            return list(await asyncio.gather(*jobs))


def main() -> int:
    """Build, run, report."""
    names = sys.argv[1:]
    wanted = [one for one in clients() if not names or any(name in one.name for name in names)]
    for client in wanted:
        if client.lacks:
            print(f"MISS {client.name:<12} {client.version:<6} needs {', '.join(client.lacks)} on this machine")
    able = [one for one in wanted if not one.lacks]
    for name in sorted({one.build for one in able}):
        print(f"building: {name}", file=sys.stderr)
        build(name)
    runs = asyncio.run(_run_all(able))
    for run in runs:
        print(run.line())
    return int(len(able) < len(wanted) or not all(run.passed for run in runs))


if __name__ == "__main__":
    sys.exit(main())
