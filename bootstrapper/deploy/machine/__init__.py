"""The deploying machine's side of a push."""
