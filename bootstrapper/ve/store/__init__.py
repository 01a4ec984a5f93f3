"""The user's store: unpacked and compiled wheels, built wheels, empty virtualenvs."""
