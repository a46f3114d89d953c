"""The listening page: excerpts of songs beside what every method made of them, as static files."""
