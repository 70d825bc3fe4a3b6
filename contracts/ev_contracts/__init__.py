"""The records that services say to each other, and the catalogue of topics they say them on."""
