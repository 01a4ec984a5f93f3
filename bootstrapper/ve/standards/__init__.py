"""Rules of the packaging standards; pure, no files."""
