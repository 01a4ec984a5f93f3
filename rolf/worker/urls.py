"""URLs of the page of workers."""

from django.urls import path

from . import views

app_name = "worker"

urlpatterns = [
    path("workers/", views.workers, name="workers"),
    path("workers/<int:worker_id>/drain/", views.drain, name="drain"),
]
