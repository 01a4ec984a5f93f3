"""Addresses of the cookbook, and of a deployment's stages."""

from django.urls import include, path

from cookbook import views
from deployments.views import stages

of_deployment = [
    path("", stages.stages, name="stages"),
    path("new/", stages.stage_new, name="stage-new"),
    path("order/", stages.stages_order, name="stages-order"),
    path("<int:stage_id>/", stages.stage, name="stage"),
    path("<int:stage_id>/delete/", stages.stage_delete, name="stage-delete"),
    path("<int:stage_id>/move/", stages.stage_move, name="stage-move"),
]

urlpatterns = [
    path("cookbook/", views.cookbook, name="cookbook"),
    path("cookbook/new/", views.recipe_new, name="recipe-new"),
    # A name may have slashes in it, so what is done comes before it.
    path("cookbook/of/<path:name>/", views.recipe, name="recipe"),
    path("cookbook/edit/<path:name>/", views.recipe_edit, name="recipe-edit"),
    path("cookbook/delete/<path:name>/", views.recipe_delete, name="recipe-delete"),
    path("cookbook/versions/<path:name>/<int:number>/", views.recipe_version,
         name="recipe-version"),
    path("deployments/<int:deployment_id>/stages/", include(of_deployment)),
]
