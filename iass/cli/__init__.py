"""The command line: one subcommand per rule of the workflow, and a few for people."""
