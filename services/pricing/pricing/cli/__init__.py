"""`ev-price`: OCPI tariffs, sessions and CDRs priced and checked, by itself: no service, no log, no network."""
