"""How quick Rolf is: its pages, its live log, its pushes, beside Buildbot."""
