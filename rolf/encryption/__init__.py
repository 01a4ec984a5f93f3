"""Encryption of what only Rolf may read: the lowest layer, which every application may use."""
