"""What all of Rolf needs of its database: the clock, notifications, and patience in an outage."""
