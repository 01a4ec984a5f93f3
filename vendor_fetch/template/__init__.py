"""Generate projects with the cookiecutter template."""
