"""From mixtures to estimates: every kind of method sees what its kind may see, and no more."""
