"""`make demo`: generate a site, push it to production, roll it back and run it."""
