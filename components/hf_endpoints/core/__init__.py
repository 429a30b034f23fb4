"""Decisions as functions of values: names, wire mapping, diff, life cycle. No I/O, no clock, no environment."""
