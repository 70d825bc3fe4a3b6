"""The rules of drivers."""

from datetime import UTC, datetime

from accounts.domain.driver import driver
from chassis.testing import Scenario
from ev_contracts.accounts import DriverRegistered, RegisterDriver

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
REGISTER = RegisterDriver(at=NOON, driver_ref="D-1", emsp_party_id="NL-EMO")
REGISTERED = DriverRegistered(driver_ref="D-1", emsp_party_id="NL-EMO", registered_at=NOON)


def test_a_driver_registers_once() -> None:
    Scenario(driver).when(REGISTER).then(REGISTERED).when(REGISTER).then_nothing()


def test_a_driver_does_not_move_to_another_provider() -> None:
    other = REGISTER.model_copy(update={"emsp_party_id": "NL-ZON"})
    Scenario(driver).given(REGISTERED).when(other).then_refused("driver-differs")
