"""The journals of pushes on this machine: writing them and reading them."""
