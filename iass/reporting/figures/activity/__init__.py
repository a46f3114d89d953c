"""Figures that read predicted activity and reference labels."""
