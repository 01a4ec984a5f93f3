"""The events of a push, and the record that they add up to. Pure: no files, no processes."""
