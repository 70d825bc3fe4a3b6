"""One gateway for the whole folder, and one event loop for it and all cases."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from conformance.stand import Stand, standing


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The cases live on the loop of the gateway that they share."""
    for item in items:
        if pytest_asyncio.is_async_test(item) and "conformance" in item.path.parts:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stand(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stand]:
    """The running gateway."""
    async with standing(tmp_path_factory.mktemp("conformance")) as one:
        yield one
