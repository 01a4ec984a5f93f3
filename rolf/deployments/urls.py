"""Addresses of deployments, and of what they belong to."""

from django.urls import include, path

from pushes.views import deployment as pushing

from .views import applications, deployment
from .views.rows import flags, permissions, settings

of_deployment = [
    path("", pushing.deployment, name="deployment"),
    path("push/", pushing.push_new, name="push-new"),
    path("survey/", pushing.survey, name="survey"),
    path("edit/", deployment.edit, name="deployment-edit"),
    path("close/", deployment.close, name="deployment-close"),
    path("history/", deployment.history, name="deployment-history"),
    path("delete/", deployment.delete, name="deployment-delete"),
    path("clone/", deployment.clone, name="deployment-clone"),
    path("export/", deployment.export, name="deployment-export"),
    path("settings/", settings.list, name="settings"),
    path("settings/new/", settings.new, name="setting-new"),
    path("settings/<int:setting_id>/", settings.change, name="setting"),
    path("settings/<int:setting_id>/delete/", settings.delete, name="setting-delete"),
    path("flags/", flags.list, name="flags"),
    path("flags/new/", flags.new, name="flag-new"),
    path("flags/<int:flag_id>/", flags.change, name="flag"),
    path("flags/<int:flag_id>/delete/", flags.delete, name="flag-delete"),
    path("permissions/", permissions.list, name="permissions"),
    path("permissions/new/", permissions.new, name="permission-new"),
    path("permissions/<int:grant_id>/", permissions.change, name="permission"),
    path("permissions/<int:grant_id>/delete/", permissions.delete, name="permission-delete"),
]

urlpatterns = [
    path("deployments/new/", deployment.new, name="deployment-new"),
    path("deployments/deleted/", deployment.deleted, name="deployments-deleted"),
    path("deployments/deleted/<int:deleted_id>/", deployment.restore, name="deployment-restore"),
    path("deployments/<int:deployment_id>/", include(of_deployment)),
    path("applications/", applications.applications, name="applications"),
    path("applications/<int:application_id>/", applications.application, name="application"),
    path("categories/new/", applications.category_new, name="category-new"),
    path("categories/<int:category_id>/", applications.category, name="category"),
]
