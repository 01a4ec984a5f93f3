"""Build wheels from tarballs."""
