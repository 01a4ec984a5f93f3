"""Categories, applications, their deployments: what is pushed, and who may push it."""
