"""Find what a project is made with, and write the deployments.toml that such a project needs."""
