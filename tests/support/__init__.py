"""What tests share: servers, projects, repositories and files that they start from."""
