"""The archive formats, read and checked before a byte is written."""
