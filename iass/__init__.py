"""The library behind the benchmark: one subpackage per step, in the order in which data flow."""

__version__ = "0.1.0"
