"""What MedleyDB and Mixing Secrets say about their songs: labels, artists, counts, overlaps."""
