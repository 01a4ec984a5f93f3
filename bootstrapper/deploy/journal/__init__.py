"""What is kept of a push on this machine, and what is read from that."""
