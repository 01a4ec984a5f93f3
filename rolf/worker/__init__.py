"""The processes that take pushes from the queue and carry them out."""
