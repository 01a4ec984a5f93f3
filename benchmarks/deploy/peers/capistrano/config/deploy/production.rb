server "production", roles: %w[app], ssh_options: { config: ENV.fetch("SSH_CONFIG") }
