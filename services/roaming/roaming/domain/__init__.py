"""Partners, CDRs and the OCPI objects made of our facts; pure."""
