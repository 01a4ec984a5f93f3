"""The command line's commands; each module adds the parsers of a few that belong together."""
