"""URLs of pushes, and of the page of a deployment, which lists them."""

from django.urls import include, path, register_converter

from .converters import Converter
from .views import actions, deployment, log, push

register_converter(Converter, "push")

app_name = "pushes"

of_push = [
    path("", push.push_page, name="push"),
    path("lines/", push.log_lines, name="lines"),
    path("search/", push.search_log, name="search"),
    path("news/", push.push_news, name="news"),
    path("follow/", push.follow_push, name="follow"),
    path("log", log.raw_log, name="log"),
    path("cancel/", actions.cancel, name="cancel"),
    path("resume/", actions.resume, name="resume"),
    path("rollback/", actions.rollback, name="rollback"),
    path("decide/", actions.decide, name="decide"),
]

of_deployment = [
    path("", deployment.deployment_page, name="deployment"),
    path("push/", deployment.start_push, name="push-new"),
    path("survey/", deployment.survey_ref, name="survey"),
    path("pushes/", push.list_pushes, name="pushes"),
    path("pushes/<push:address>/", include(of_push)),
]

urlpatterns = [
    path("live/", push.follow_all, name="live"),
    path("deployments/<int:deployment_id>/", include(of_deployment)),
]
