"""From tarballs to wheels; imported only when something must be built."""
