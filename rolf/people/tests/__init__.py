"""Tests of the pages about accounts and groups."""
