"""Addresses of signing in, of one's own account, and of people and groups."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from .views import account, groups, people, session

urlpatterns = [
    path("sign-in/", session.SignInView.as_view(), name="sign-in"),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
    path("account/", account.account, name="account"),
    path("account/password/", account.password, name="account-password"),
    path("people/", people.people, name="people"),
    path("people/new/", people.person_new, name="person-new"),
    path("people/<int:user_id>/", people.person, name="person"),
    path("people/<int:user_id>/password/", people.person_password, name="person-password"),
    path("people/groups/new/", groups.group_new, name="group-new"),
    path("people/groups/<int:group_id>/", groups.group, name="group"),
    path("people/groups/<int:group_id>/delete/", groups.group_delete, name="group-delete"),
]
