"""Figures, found by file: figures/<what they read>/<name>.py.

Every file has `tabulate`, which gives the tidy table that is written as CSV, and `render`, which
draws that table and nothing else, so that figure and CSV cannot differ.
"""
