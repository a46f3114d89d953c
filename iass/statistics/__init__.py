"""From single frames to the numbers that a report prints."""
