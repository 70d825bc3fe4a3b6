"""Mutated copies of the engine: its source text with one thing changed, compiled in memory under another name."""

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import pricing.domain.engine

ENGINE = "pricing.domain.engine"
FOLDER = Path(pricing.domain.engine.__path__[0])


@dataclass(frozen=True, kw_only=True)
class Bug:
    """What is wrong, in words; in which module of the engine; which text stands there, and what it becomes."""

    what: str
    module: str
    right: str
    wrong: str


class _Copy(MetaPathFinder, Loader):
    """Finds the engine's modules under another name, with the bug in them."""

    def __init__(self, name: str, bug: Bug) -> None:
        self._name = name
        self._bug = bug

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        del path, target
        if fullname.partition(".")[0] != self._name:
            return None
        return importlib.util.spec_from_loader(fullname, self, is_package=fullname == self._name)

    def exec_module(self, module: ModuleType) -> None:
        inner = module.__name__.partition(".")[2] or "__init__"
        text = (FOLDER / f"{inner}.py").read_text(encoding="utf-8")
        if inner == self._bug.module:
            assert text.count(self._bug.right) == 1, f"{inner} does not hold once: {self._bug.right}"
            text = text.replace(self._bug.right, self._bug.wrong)
        exec(compile(text.replace(ENGINE, self._name), f"<{inner} with a bug>", "exec"), module.__dict__)  # noqa: S102 - a mutated copy of our own source


@contextmanager
def planted(bug: Bug) -> Iterator[Callable[[str], ModuleType]]:
    """Within it, modules of the copy can be had by their name in the engine."""
    name = f"engine_with_{abs(hash(bug)):x}"
    finder = _Copy(name, bug)
    sys.meta_path.insert(0, finder)
    try:
        yield lambda inner: importlib.import_module(f"{name}.{inner}")
    finally:
        sys.meta_path.remove(finder)
        for module in [each for each in sys.modules if each.partition(".")[0] == name]:
            del sys.modules[module]


BUGS: Sequence[Bug] = (
    Bug(what="an upper bound is inclusive", module="matching", right="value < high", wrong="value <= high"),
    Bug(
        what="a time over midnight holds on neither side of it",
        module="matching",
        right="now >= start or now < end",
        wrong="now >= start and now < end",
    ),
    Bug(
        what="the days of the week are off by one",
        module="matching",
        right="local.isoweekday()",
        wrong="local.weekday()",
    ),
    Bug(
        what="the last day of a season counts",
        module="matching",
        right="day < restrictions.end_date",
        wrong="day <= restrictions.end_date",
    ),
    Bug(
        what="power is judged by what the meter counted",
        module="splitting",
        right="return Flow(low=point.power_w, high=point.power_w)",
        wrong="return Flow(low=course.register.energy_wh[-1], high=course.register.energy_wh[-1])",
    ),
    Bug(
        what="the last element that fits prices, not the first",
        module="measuring",
        right="for each in candidates:",
        wrong="for each in reversed(candidates):",
    ),
    Bug(
        what="a step rounds up what the last price sold, not the session's total",
        module="measuring",
        right="if each.scope is final.scope and each.component.type is final.component.type",
        wrong="if each is final",
    ),
    Bug(
        what="charging and parking time are both rounded up",
        module="measuring",
        right="_PARKING: _Steps.TIME}",
        wrong="_PARKING: _Steps.RESERVATION}",
    ),
    Bug(
        what="a session over a fee's boundary pays both fees",
        module="measuring",
        right="if flats and used.keys().isdisjoint(flats):",
        wrong="if flats:",
    ),
    Bug(
        what="an expired reservation is priced like one that was used",
        module="measuring",
        right="tariff.of_expired if session.is_expired else tariff.of_reservation",
        wrong="tariff.of_reservation",
    ),
    Bug(
        what="the clock on the wall is UTC",
        module="splitting",
        right="is_charging = course.charging",
        wrong="zone = ZoneInfo('UTC')\n    is_charging = course.charging",
    ),
    Bug(
        what="a session is not cut where an amount of energy is reached",
        module="splitting",
        right="for energy in each.energies_wh)",
        wrong="for energy in ())",
    ),
    Bug(
        what="an hour that a clock shows twice is cut once",
        module="cuts",
        right="for fold in (0, 1):",
        wrong="for fold in (0,):",
    ),
    Bug(
        what="the least price without VAT limits the price with VAT",
        module="price",
        right="pick(gross, Fraction(limit.incl_vat_e8, E8))",
        wrong="pick(gross, Fraction(limit.excl_vat_e8 or 0, E8))",
    ),
    Bug(
        what="VAT is taken out of a gross price as if it were added",
        module="price",
        right="Fraction(numerator * E10, denominator * (E10 + tax))",
        wrong="Fraction(numerator * (E10 - tax), denominator * E10)",
    ),
    Bug(
        what="a duration is that of the stretch, not of the session",
        module="splitting",
        right="before_s=_seconds(left),\n        before_wh",
        wrong="before_s=0,\n        before_wh",
    ),
)
