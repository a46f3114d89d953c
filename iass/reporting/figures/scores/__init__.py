"""Figures that read the score table."""
