"""Print the events of a push: as a screen of stages, as plain lines, or raw."""
