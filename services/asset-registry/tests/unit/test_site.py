"""The rules of sites."""

from datetime import UTC, datetime

from registry_samples import MUSEUM

from asset_registry.domain.site import site
from chassis.testing import Scenario
from ev_contracts.assets import OpenSite, SiteOpened, SiteSnapshot

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
OPEN = OpenSite(at=NOON, **MUSEUM)
OPENED = SiteOpened(opened_at=NOON, **MUSEUM)


def test_a_site_opens_once() -> None:
    Scenario(site).when(OPEN).then(OPENED).when(OPEN).then_nothing()


def test_an_open_site_does_not_open_elsewhere() -> None:
    Scenario(site).given(OPENED).when(OPEN.model_copy(update={"city": "Utrecht"})).then_refused("site-differs")


def test_a_grid_limit_is_positive() -> None:
    Scenario(site).when(OPEN.model_copy(update={"grid_limit_w": 0})).then_refused("grid-limit-not-positive")


def test_the_snapshot_is_the_site() -> None:
    (snapshot,) = site.snapshots(site.initial, Scenario(site).given(OPENED).state)
    assert snapshot.record == SiteSnapshot(opened_at=NOON, version=1, **MUSEUM)
