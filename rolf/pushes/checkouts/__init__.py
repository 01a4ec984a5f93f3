"""Keep the checkouts of failed pushes, so that any worker can resume them."""
