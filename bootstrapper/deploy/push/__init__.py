"""Run a push: locks, stages, events, registers."""
