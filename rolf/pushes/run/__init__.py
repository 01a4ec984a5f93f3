"""Carrying out a push, in the worker's child."""
