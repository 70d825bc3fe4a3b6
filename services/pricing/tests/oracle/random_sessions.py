"""Random sessions: over midnight, over days on which the clock moves, measured or not, reserved or not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from random import Random

from calculator import Reservation, Segment

# Lord Howe's clock moves by half an hour; Kathmandu's stands at 5:45 and never moves.
ZONES = ("Europe/Amsterdam", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC")
A_YEAR = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number) for number in range(365)]
MOVES = [
    (zone, datetime.fromisoformat(at))
    for zone, at in (
        ("Europe/Amsterdam", "2026-03-29T01:00Z"),
        ("Europe/Amsterdam", "2026-10-25T01:00Z"),
        ("America/New_York", "2026-03-08T07:00Z"),
        ("America/New_York", "2026-11-01T06:00Z"),
        ("Australia/Lord_Howe", "2026-04-04T15:00Z"),
        ("Australia/Lord_Howe", "2026-10-03T15:30Z"),
    )
]
POWERS_KW = [Fraction(each) for each in ("0", "1.38", "3.68", "7.36", "11", "22.08", "50", "150")]
CURRENTS_A = [Fraction(each) for each in ("0", "6", "16", "32", "48", "95.9")]
NOTHING = (Fraction(), Fraction())
WH_KW_S = Fraction(3_600, 1_000)


@dataclass(frozen=True, kw_only=True)
class RandomSession:
    """What the calculator takes, and whether the station measured power and current."""

    zone: str
    segments: Sequence[Segment]
    reservation: Reservation | None
    is_measured: bool


def throw_session(dice: Random) -> RandomSession:
    zone, begins = _somewhere(dice)
    reservation = _reservation(dice, begins) if dice.random() < 0.2 else None
    begins = reservation.end if reservation else begins
    is_measured = dice.random() < 0.85
    segments: list[Segment] = []
    for _ in range(0 if reservation and reservation.expired else dice.randint(1, 6)):
        segments.append(_segment(dice, begins, is_measured=is_measured))
        begins = segments[-1].end
    return RandomSession(zone=zone, segments=segments, reservation=reservation, is_measured=is_measured)


def _somewhere(dice: Random) -> tuple[str, datetime]:
    """Anywhere at any time; or shortly before a clock moves."""
    before = timedelta(milliseconds=dice.randrange(0, 86_400_000, dice.choice((60_000, 1_000, 1))))
    if dice.random() < 0.15:
        zone, moves_at = dice.choice(MOVES)
        return zone, moves_at - timedelta(milliseconds=before // timedelta(milliseconds=6))
    return dice.choice(ZONES), dice.choice(A_YEAR) + before


def _reservation(dice: Random, begins: datetime) -> Reservation:
    lasts_s = dice.choice((600, 900, 1_320, 3_600, dice.randrange(1, 7_200)))
    return Reservation(begins, begins + timedelta(seconds=lasts_s), dice.random() < 0.4)


def _segment(dice: Random, begins: datetime, *, is_measured: bool) -> Segment:
    unit_ms, most = dice.choice(((1, 14_400_000), (1_000, 14_400), (60_000, 600)))
    lasts_ms = unit_ms * dice.randrange(1, most)
    ends = begins + timedelta(milliseconds=lasts_ms)
    if dice.random() < 0.3:
        return Segment(
            start=begins, end=ends, runs="PARKING_TIME", power_kw=NOTHING, current_a=NOTHING if is_measured else None
        )
    energy_wh = Fraction(dice.choice((0, dice.randrange(1, 200), dice.randrange(1, 40_000))))
    # Where no power was told, it is the mean; where no current was told, nobody knows it.
    power = dice.choice(POWERS_KW) if is_measured else energy_wh * WH_KW_S / Fraction(lasts_ms, 1_000)
    current = dice.choice(CURRENTS_A)
    return Segment(
        start=begins,
        end=ends,
        runs="TIME",
        energy_wh=energy_wh,
        power_kw=(power, power),
        current_a=(current, current) if is_measured else None,
    )
