"""The register of the cases: an id, what must be so in our own words, the test, and why it cannot pass yet."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

Run: TypeAlias = Callable[[Any], Awaitable[None]]
"""Takes the case's own station, connected where the case does not say otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`missing` says what the gateway lacks: then the test is expected to fail, and no test need exist."""

    version: str
    case_id: str
    says: str
    run: Run | None
    missing: str | None = None
    connects: bool = True
    booted: bool = True

    @property
    def passes(self) -> bool:
        """What the table says of it."""
        return self.missing is None


class Register:
    """The cases of one OCPP version."""

    def __init__(self, version: str) -> None:
        self.version = version
        self._cases: dict[str, Case] = {}

    @property
    def cases(self) -> tuple[Case, ...]:
        """All of them, in the order of their ids."""
        return tuple(self._cases[case_id] for case_id in sorted(self._cases))

    def add(self, case: Case) -> None:
        """Raises ValueError for an id that stands already."""
        if case.case_id in self._cases:
            raise ValueError(f"{case.case_id} stands twice")
        self._cases[case.case_id] = case

    def case(
        self, case_id: str, says: str, *, missing: str | None = None, connects: bool = True, booted: bool = True
    ) -> Callable[[Run], Run]:
        """Registers the function below it as the test of a case."""

        def keep(run: Run) -> Run:
            self.add(
                Case(
                    version=self.version,
                    case_id=case_id,
                    says=says,
                    run=run,
                    missing=missing,
                    connects=connects,
                    booted=booted,
                )
            )
            return run

        return keep

    def not_built(self, case_id: str, says: str, why: str) -> None:
        """A case without a test: the table says why."""
        self.add(Case(version=self.version, case_id=case_id, says=says, run=None, missing=why))


V16 = Register("1.6")
V201 = Register("2.0.1")
V21 = Register("2.1")
SHALL = Register("2.0.1 SHALL")
