"""Pages of pushes, and the page of a deployment."""
