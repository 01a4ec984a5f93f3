"""URLs of a user's own account, and of people and groups."""

from django.urls import path

from . import session_views, views

app_name = "people"

urlpatterns = [
    path("account/", views.account, name="account"),
    path("account/password/", views.password, name="account-password"),
    path("account/sessions/end/", session_views.end_others, name="sessions-end"),
    path("account/sessions/<uuid:session>/end/", session_views.end, name="session-end"),
    path("people/sessions/", session_views.sessions, name="sessions"),
    path("people/", views.people, name="people"),
    path("people/new/", views.person_new, name="person-new"),
    path("people/<int:user_id>/", views.person, name="person"),
    path("people/<int:user_id>/password/", views.person_password, name="person-password"),
    path("people/groups/new/", views.group_new, name="group-new"),
    path("people/groups/<int:group_id>/", views.group, name="group"),
    path("people/groups/<int:group_id>/delete/", views.group_delete, name="group-delete"),
]
