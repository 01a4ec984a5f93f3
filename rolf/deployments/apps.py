"""Django's view of this package."""

from django.apps import AppConfig


class DeploymentsConfig(AppConfig):
    """Categories, applications, their deployments: what is pushed, and who may push it."""

    name = "deployments"
