"""roaming speaks OCPI: partners and their handshakes, our locations, and the CDRs that partners get from us."""
