"""Tests of cookbook."""
