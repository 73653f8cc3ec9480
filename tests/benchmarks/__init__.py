"""Heavier checks than `make test` runs: soak and timings."""
