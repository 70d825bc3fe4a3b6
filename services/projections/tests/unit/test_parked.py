"""What a read model lacks is listed at its own door, to the engineers of the tenant."""

import pytest

from chassis.log import Entry
from chassis.testing import eventually
from projections.app import ROLES
from projections.settings import RoleName, Settings
from projections.testing.model import Model, Running

PARTIES = "assets.party.snapshot.v1"


async def listed(model: Model, who: str) -> list[tuple[str, str]]:
    answer = await model.http.get("/v1/parked", headers={"Authorization": f"Bearer {who}"})
    assert answer.status_code == 200, answer.text
    return sorted((each["entity"], each["key"]) for each in answer.json()["parked"])


@pytest.mark.parametrize("name", list(RoleName))
async def test_what_cannot_be_projected_or_followed_is_listed(read_model: Running, name: RoleName) -> None:
    role = ROLES[name](Settings(role=name))
    followed = {*role.sources, *(table.topic for table in role.tables)}
    async with read_model(name) as model:
        for topic in {*role.sources, PARTIES}:
            await model.log.producer.send(topic, Entry(b"volt/poison", b"garbage"))
        wanted = sorted((topic, "volt/poison") for topic in followed)

        async def all_listed() -> bool:
            return await listed(model, "engineer") == wanted

        await eventually(all_listed)
        assert await listed(model, "other-engineer") == []
        refused = await model.http.get("/v1/parked", headers={"Authorization": "Bearer cpo"})
        assert refused.status_code == 403
