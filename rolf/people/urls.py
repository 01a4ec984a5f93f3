"""URLs of a user's own account, and of people and groups."""

from django.urls import path

from . import views

app_name = "people"

urlpatterns = [
    path("account/", views.account, name="account"),
    path("account/password/", views.password, name="account-password"),
    path("people/", views.people, name="people"),
    path("people/new/", views.person_new, name="person-new"),
    path("people/<int:user_id>/", views.person, name="person"),
    path("people/<int:user_id>/password/", views.person_password, name="person-password"),
    path("people/groups/new/", views.group_new, name="group-new"),
    path("people/groups/<int:group_id>/", views.group, name="group"),
    path("people/groups/<int:group_id>/delete/", views.group_delete, name="group-delete"),
]
