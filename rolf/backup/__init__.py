"""Back up a running Rolf into one file, and restore it (docs/rolf-runbook.md)."""
