"""The OCA's public CSMS test cases in our own words, one test a case, against a running gateway.

Each module of `v16` and `v201` holds the cases of a functional block; `table` says which pass, which
do not, and why.
"""
