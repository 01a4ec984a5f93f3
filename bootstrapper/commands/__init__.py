"""The commands of the command line; each module adds the parsers of related ones."""
