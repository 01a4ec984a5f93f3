"""`python -m bootstrapper init`: deploy/ for projects of other stacks than Django."""
