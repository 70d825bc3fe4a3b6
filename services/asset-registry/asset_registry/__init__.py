"""Owns what stands where and whose it is: parties and grants, sites, stations, identities, contracts."""
