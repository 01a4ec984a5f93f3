"""Settings by place: dev, test, staging, production; each starts from base."""
