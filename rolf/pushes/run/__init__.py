"""Run a push, in a child process of the worker."""
