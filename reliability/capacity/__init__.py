"""Capacity of Rolf by simulation, from constants that are measured on this machine."""
