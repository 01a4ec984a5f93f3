"""The rules of Python's packaging standards; no code here reads or writes files."""
