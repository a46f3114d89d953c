"""Fitting a network to one target: chunks, schedules, checkpoints and the one training loop."""
