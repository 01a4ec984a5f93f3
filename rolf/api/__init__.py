"""The API and its tokens."""
