"""The ids of the OCA's public test cases for a CSMS: facts, so that none is forgotten."""

_V16 = """
001 003 004_1 004_2 005_1 007 010 011_1 011_2 012 013 014 017_1 017_2 018_1 019_1 019_2 021 023_1 023_2 023_3
024 026 028 030 031 032_1 037_1 037_3 039 040_1 040_2 042_1 042_2 043_1 043_3 043_4 043_5 044_1 044_2 044_3
045_1 045_2 046 047 048_1 048_2 048_3 048_4 049 051 052 053 054 055 056 057 059 061 064 066 067 073 074 075_1
075_2 076 077 078 079 080 081 085 086 087
"""
_V201 = {
    "A": "01 02 03 04 06 07 08 09 10 11 12 14 19",
    "B": "01 02 06 07 08 09 10 12 13 14 18 20 21 22 25 26 27 30 31 42 44 58",
    "C": "02 06 07 08 20 37 38 39 40 43 47 48 49 50 51 52",
    "D": "01 02 03 04 08 09",
    "E": "01 02 03 04 07 08 09 10 11 12 14 15 16 17 19 20 21 22 26 29 30 31 33 34 38 39 53",
    "F": "01 02 03 04 06 11 12 13 14 15 18 20 23 24 27",
    "G": "01 03 04 05 06 07 08 11 14 17 20",
    "H": "01 07 08 14 15 17 19 20 22",
    "I": "01 02",
    "J": "01 02 03 04 07 08 09 10 11",
    "K": "01 02 03 04 05 06 08 10 15 19 29 30 31 32 33 34 35 36 37 43 44 48 50 51 52 53 55 57 58 59 60 70",
    "L": "01 02 03 04 05 06 07 08 09 10 11 13 17 19 20 21 22 23 24",
    "M": "01 02 03 04 05 12 13 14 15 16 17 18 19 20 21 24 26 28",
    "N": "01 02 03 05 08 09 16 17 18 21 24 25 27 28 29 30 31 32 34 35 36 44 46 47 48 49 50 60 62 63",
    "O": "01 02 03 04 05 06 07 08 09 10 11 12 13 14 17 18 19 25 26 27 28",
    "P": "02 03",
}

_V21 = """
AFRRSignal AdjustPeriodicEventStream BatterySwap ChangeTransactionTariff ClearDERControl ClearTariffs
ClosePeriodicEventStream GetCertificateChainStatus GetDERControl GetPeriodicEventStream GetTariffs
NotifyAllowedEnergyTransfer NotifyDERAlarm NotifyDERStartStop NotifyPeriodicEventStream NotifyPriorityCharging
NotifySettlement NotifyWebPaymentStarted OpenPeriodicEventStream PullDynamicScheduleUpdate ReportDERControl
RequestBatterySwap SetDERControl SetDefaultTariff UpdateDynamicSchedule UsePriorityCharging VatNumberValidation
"""

V21_IDS = tuple(_V21.split())
"""The messages that 2.1 added: not cases of the OCA's, but one of ours each."""
V16_IDS = tuple(f"TC_{number}_CSMS" for number in _V16.split())
V201_IDS = tuple(f"TC_{block}_{number}_CSMS" for block, numbers in _V201.items() for number in numbers.split())
_SHALL = {
    "A00": "001 002 207 306 307 313 315 318 320 322 324 403 404 405 407 409 410 416 418 421 423 425 705",
    "A01": "02 03 04 05",
    "A02": "11 12",
    "A03": "11 12",
    "A04": "03",
    "A05": "07",
    "B01": "02 10 11 12",
    "B02": "09",
    "B03": "03 07",
    "B05": "11 13",
    "B06": "05",
    "C01": "18 19 20 22",
    "C02": "02",
    "C04": "01 02 04",
    "C07": "05 13 14 15 16 17",
    "C09": "09 12",
    "C12": "03",
    "E01": "11 12",
    "E02": "02 04",
    "E03": "02",
    "E05": "01",
    "F03": "01",
    "F04": "01",
    "F06": "01 13",
    "G02": "04",
    "G05": "03",
    "I01": "02",
    "I02": "01",
    "I03": "02 04",
    "I06": "01 02",
    "J01": "18",
    "J02": "19",
    "K01": "03 06 19 20 22 39",
    "K02": "01 03 07",
    "K09": "03",
    "K10": "02 06",
    "K15": "02 07",
    "K16": "12",
    "K17": "02 07",
    "L01": "11",
    "M04": "07",
    "M06": "01 02 03 04 08",
    "N06": "04",
    "N07": "03",
    "N08": "02",
    "N09": "04 08",
    "N10": "02 08 09",
}
SHALL_IDS = tuple(f"{use_case}.FR.{row}" for use_case, rows in _SHALL.items() for row in rows.split())
"""The rows of the text of 2.0.1 (part 2, edition 3) that say what a CSMS shall do: 112."""
