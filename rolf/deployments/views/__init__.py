"""Pages of deployments, a module for each noun."""
