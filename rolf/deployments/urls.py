"""Addresses of deployments."""

from django.urls import include, path

from .views import page

of_deployment = [
    path("", page.deployment, name="deployment"),
    path("push/", page.push_new, name="push-new"),
    path("survey/", page.survey, name="survey"),
]

urlpatterns = [
    path("deployments/<int:deployment_id>/", include(of_deployment)),
]
