"""What deploy/deployments.toml and deploy/secrets.env say."""
