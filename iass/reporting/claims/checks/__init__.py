"""One file per kind of test; a claim's `test` names its file, and nothing is registered.

Each has `check(claim, results)`, which returns one Finding per comparison, or raises NotRunError.
"""
