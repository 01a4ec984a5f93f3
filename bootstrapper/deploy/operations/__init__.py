"""The operations on a deployment, for the command line and for Rolf."""
