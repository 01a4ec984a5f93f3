"""What a rebuild costs beside its peers, and what the limit is: `make bench`."""
