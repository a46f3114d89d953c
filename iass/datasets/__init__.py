"""One card per data set, found by its file name; each reads from top to bottom."""
