"""A stage's processes: started, heard, timed and ended, with all that they started."""
