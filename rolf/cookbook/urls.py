"""URLs of the cookbook."""

from django.urls import path

from . import views

app_name = "cookbook"

urlpatterns = [
    path("cookbook/", views.cookbook, name="recipes"),
    path("cookbook/new/", views.recipe_new, name="recipe-new"),
    # Names may contain slashes, so the action comes first.
    path("cookbook/of/<path:name>/", views.recipe, name="recipe"),
    path("cookbook/edit/<path:name>/", views.recipe_edit, name="recipe-edit"),
    path("cookbook/delete/<path:name>/", views.recipe_delete, name="recipe-delete"),
    path(
        "cookbook/versions/<path:name>/<int:number>/", views.recipe_version, name="recipe-version"
    ),
]
