"""Install entries of the store as a virtualenv."""
