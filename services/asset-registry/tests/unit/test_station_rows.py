"""A batch of stations falls apart into rows that are each right or wrong."""

from typing import Any

import pytest
from registry_samples import CONNECTOR

from asset_registry.adapters.http.bodies import StationBody
from asset_registry.adapters.http.station_rows import (
    COLUMNS,
    MOST_STATIONS,
    UnreadableFileError,
    rows_of_csv,
    rows_of_list,
)

HEADER = ",".join(COLUMNS)
LEFT = "NLVOLT0001,AMS-MUSEUM,NL-VLT,Alfen,Eve Double,,,1,NL*VLT*E0001*1,1,IEC_62196_T2,11000,230,16,false"
RIGHT = "NLVOLT0001,AMS-MUSEUM,NL-VLT,Alfen,Eve Double,,,2,NL*VLT*E0001*2,1,IEC_62196_T2,11000,230,16,false"
FAST = "NLVOLT0002,AMS-MUSEUM,NL-VLT,Alpitronic,HYC50,,,1,NL*VLT*E0002*1,1,IEC_62196_T2_COMBO,50000,920,125,true"
STATION: dict[str, Any] = {
    "station_id": "NLVOLT0001",
    "site_id": "AMS-MUSEUM",
    "cpo_party_id": "NL-VLT",
    "vendor": "Alfen",
    "model": "Eve Double",
    "evses": [
        {"evse_number": 1, "evse_id": "NL*VLT*E0001*1", "connectors": [CONNECTOR]},
        {"evse_number": 2, "evse_id": "NL*VLT*E0001*2", "connectors": [CONNECTOR]},
    ],
}


def test_lines_of_one_station_make_one_row_that_equals_the_json() -> None:
    (from_csv,) = rows_of_csv(f"{HEADER}\n{LEFT}\n{RIGHT}")
    (from_json,) = rows_of_list([STATION])
    assert from_csv.station == from_json.station == StationBody.model_validate(STATION)


def test_a_broken_line_is_named_and_the_rest_stands() -> None:
    broken = FAST.replace("50000", "fifty")
    good, bad = rows_of_csv(f"{HEADER}\n{LEFT}\n{RIGHT}\n{broken}")
    assert isinstance(good.station, StationBody)
    assert (bad.row, bad.station_id) == (4, "NLVOLT0002")
    assert not isinstance(bad.station, StationBody)
    assert [fault.field for fault in bad.station] == ["evses.0.connectors.0.max_power_w"]


def test_two_lines_of_a_station_that_disagree_are_an_error() -> None:
    (row,) = rows_of_csv("\n".join([HEADER, LEFT, RIGHT.replace("Eve Double", "Eve Single")]))
    assert not isinstance(row.station, StationBody)
    assert [(fault.field, "line 3" in fault.problem) for fault in row.station] == [("model", True)]


@pytest.mark.parametrize("line", ["NLVOLT0003,AMS-MUSEUM", LEFT + ",one,more"])
def test_a_line_with_other_cells_than_columns_is_an_error(line: str) -> None:
    (row,) = rows_of_csv(f"{HEADER}\n{line}")
    assert not isinstance(row.station, StationBody)
    assert row.row == 2


@pytest.mark.parametrize(
    "text",
    ["", HEADER, HEADER.replace("site_id", "site"), f'{HEADER}\n"open quote', HEADER + ",colour\n" + LEFT],
)
def test_a_file_without_rows_is_refused_whole(text: str) -> None:
    with pytest.raises(UnreadableFileError):
        rows_of_csv(text)


@pytest.mark.parametrize("count", [0, MOST_STATIONS + 1])
def test_a_batch_has_its_bounds(count: int) -> None:
    with pytest.raises(UnreadableFileError):
        rows_of_list([STATION] * count)


@pytest.mark.parametrize("item", [None, 7, [], "NLVOLT0001", {"station_id": 7}, {**STATION, "colour": "blue"}])
def test_an_item_that_is_no_station_is_an_error_of_its_row(item: object) -> None:
    good, bad = rows_of_list([STATION, item])
    assert isinstance(good.station, StationBody)
    assert not isinstance(bad.station, StationBody)
    assert bad.row == 2
