"""What vendoring costs beside pip and uv, from one index on this machine."""
