"""Where old logs and kept checkouts are: a directory or an S3-compatible store."""
