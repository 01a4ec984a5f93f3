"""Configuration of the application."""

from django.apps import AppConfig


class DeploymentsConfig(AppConfig):
    """Deployments: what is pushed where, and the permissions on it."""

    name = "deployments"
