"""Figures that read costs: model cards, benchmark files, the manifest, and the score table."""
