"""A push being carried out."""
