"""What a project's files say of its deployments: deployments.toml, recipes, secrets."""
