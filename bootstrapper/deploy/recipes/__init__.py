"""Recipes: the code of stages."""
