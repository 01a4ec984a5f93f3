"""Update the locks and the vendored files."""
