"""The tests, and the data and helpers they share."""
