"""The other end of a push: the connection there, its locks, its state and its history."""
