"""What a person can do with a deployment, for the command line and for Rolf."""
