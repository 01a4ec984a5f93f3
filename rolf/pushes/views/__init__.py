"""Pages of pushes, a module for each noun."""
