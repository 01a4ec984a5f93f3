"""Keep the logs of pushes that have ended, for years."""
