"""URLs of deployments, their rows, and their applications and categories."""

from django.urls import include, path

from .views import applications, deployment, rows, stages

app_name = "deployments"

of_deployment = [
    path("edit/", deployment.edit, name="edit"),
    path("close/", deployment.lock, name="lock"),
    path("history/", deployment.history, name="history"),
    path("delete/", deployment.delete, name="delete"),
    path("clone/", deployment.clone, name="clone"),
    path("export/", deployment.export, name="export"),
    path("settings/", rows.SettingListView.as_view(), name="settings"),
    path("settings/new/", rows.SettingCreateView.as_view(), name="setting-new"),
    path("settings/<int:setting_id>/", rows.SettingUpdateView.as_view(), name="setting"),
    path(
        "settings/<int:setting_id>/delete/", rows.SettingDeleteView.as_view(), name="setting-delete"
    ),
    path("flags/", rows.FlagListView.as_view(), name="flags"),
    path("flags/new/", rows.FlagCreateView.as_view(), name="flag-new"),
    path("flags/<int:flag_id>/", rows.FlagUpdateView.as_view(), name="flag"),
    path("flags/<int:flag_id>/delete/", rows.FlagDeleteView.as_view(), name="flag-delete"),
    path("permissions/", rows.GrantListView.as_view(), name="permissions"),
    path("permissions/new/", rows.GrantCreateView.as_view(), name="permission-new"),
    path("permissions/<int:grant_id>/", rows.GrantUpdateView.as_view(), name="permission"),
    path(
        "permissions/<int:grant_id>/delete/",
        rows.GrantDeleteView.as_view(),
        name="permission-delete",
    ),
    path("stages/", stages.stages, name="stages"),
    path("stages/new/", stages.StageCreateView.as_view(), name="stage-new"),
    path("stages/order/", stages.stages_order, name="stages-order"),
    path("stages/<int:stage_id>/", stages.StageUpdateView.as_view(), name="stage"),
    path("stages/<int:stage_id>/delete/", stages.StageDeleteView.as_view(), name="stage-delete"),
    path("stages/<int:stage_id>/move/", stages.stage_move, name="stage-move"),
]

urlpatterns = [
    path("deployments/new/", deployment.new, name="new"),
    path("deployments/deleted/", deployment.deleted, name="deleted"),
    path("deployments/deleted/<int:deleted_id>/", deployment.restore, name="restore"),
    path("deployments/<int:deployment_id>/", include(of_deployment)),
    path("applications/", applications.applications, name="applications"),
    path("applications/<int:application_id>/", applications.application, name="application"),
    path("categories/new/", applications.category_new, name="category-new"),
    path("categories/<int:category_id>/", applications.category, name="category"),
]
