"""Recipes, your own and those that come with Rolf, with their versions."""
