"""Figures that read the model cards of trained methods."""
