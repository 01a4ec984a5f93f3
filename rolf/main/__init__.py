"""The site itself: its pages, its health, its smoke test."""
