"""`python -m ev_contract_tools generate`."""

from ev_contract_tools import generate
from ev_contract_tools.source import load

for path in generate.write(load()):
    print("wrote", path)
