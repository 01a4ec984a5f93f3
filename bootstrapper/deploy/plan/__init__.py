"""What a push will do, before it does it; no process, no connection."""
