"""Whether what the paper claims holds: claims as data, a file per kind of test, and the page."""
