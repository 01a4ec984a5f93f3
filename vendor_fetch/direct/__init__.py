"""Vendor what apps.in names by an address: git repositories, archives, local files and projects."""
