"""What the config asks for: cells, files, parameters and code hashes of every job of the workflow.

It holds all decisions that a rule must not make. Paths are relative to the working directory.
"""
