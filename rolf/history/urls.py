"""URLs of the history and the audit log."""

from django.urls import path

from . import views

app_name = "history"

urlpatterns = [
    path("history/", views.history, name="history"),
    path("audit/", views.audit_log, name="audit"),
]
