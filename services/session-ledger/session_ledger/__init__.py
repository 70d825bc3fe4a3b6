"""Session-ledger owns what was charged, when and by whom: sessions derived from every message of a station."""
