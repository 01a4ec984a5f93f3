"""Read deploy/deployments.toml and deploy/secrets.env."""
