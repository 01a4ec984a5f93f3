"""Recipes that stages are made of, ours and the shop's own, with their versions."""
