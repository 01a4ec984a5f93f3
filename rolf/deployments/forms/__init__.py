"""Forms of deployments, a module for each noun."""
