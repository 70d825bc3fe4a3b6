"""The one engine that prices: a tariff and a session in, exact amounts and how they came about out. OCPI 2.2.1, 2.3.0.

`tariff.Tariff` and `session.Session` are its words; `price.price` is the engine; `splitting.session_of` cuts what the
ledger tells at every moment at which a price could change; `contract.tariff_of` reads a published version.
"""
