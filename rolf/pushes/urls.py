"""URLs of pushes, and of the page of a deployment, which shows them."""

from django.urls import include, path, register_converter

from .converters import Converter
from .views import actions, deployment, log, push

register_converter(Converter, "push")

app_name = "pushes"

of_push = [
    path("", push.push, name="push"),
    path("lines/", push.lines, name="lines"),
    path("search/", push.search, name="search"),
    path("news/", push.push_news, name="news"),
    path("follow/", push.follow, name="follow"),
    path("log", log.log, name="log"),
    path("cancel/", actions.cancel, name="cancel"),
    path("resume/", actions.resume, name="resume"),
    path("rollback/", actions.rollback, name="rollback"),
    path("decide/", actions.decide, name="decide"),
]

of_deployment = [
    path("", deployment.deployment, name="deployment"),
    path("push/", deployment.push_new, name="push-new"),
    path("survey/", deployment.survey, name="survey"),
    path("pushes/", push.pushes, name="pushes"),
    path("pushes/<push:address>/", include(of_push)),
]

urlpatterns = [
    path("live/", push.live, name="live"),
    path("deployments/<int:deployment_id>/", include(of_deployment)),
]
