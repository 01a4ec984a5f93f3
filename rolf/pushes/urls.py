"""Addresses of pushes."""

from django.urls import include, path, register_converter

from .address import Converter
from .views import actions, page, raw

register_converter(Converter, "push")

of_push = [
    path("", page.push, name="push"),
    path("lines/", page.lines, name="push-lines"),
    path("search/", page.search, name="push-search"),
    path("news/", page.push_news, name="push-news"),
    path("follow/", page.follow, name="push-follow"),
    path("log", raw.log, name="push-log"),
    path("cancel/", actions.cancel, name="push-cancel"),
    path("resume/", actions.resume, name="push-resume"),
    path("rollback/", actions.rollback, name="push-rollback"),
    path("decide/", actions.decide, name="push-decide"),
]

urlpatterns = [
    path("live/", page.live, name="live"),
    path("deployments/<int:deployment_id>/pushes/", page.pushes, name="pushes"),
    path("deployments/<int:deployment_id>/pushes/<push:address>/", include(of_push)),
]
