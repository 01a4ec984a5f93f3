"""The code of stages."""
