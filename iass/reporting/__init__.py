"""Tables and figures, from the score table and the declared result files alone."""
