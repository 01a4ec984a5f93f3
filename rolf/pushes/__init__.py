"""Pushes, their logs, and the pages that follow them."""
