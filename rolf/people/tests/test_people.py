"""Pages of people and groups, and the history of changes to them."""

from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client, TestCase, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Group
from accounts.test_sign_in import ORACLE, RIGHT
from api.models import Token
from deployments.models import Application, Category, Deployment, Grant, Level
from history.models import Change

User = get_user_model()


class AmongPeople(TestCase):
    """A superuser, another user, and a group with a push permission."""

    @classmethod
    def setUpTestData(cls):
        cls.root = User.objects.create_superuser("root", password=RIGHT)
        cls.ada = User.objects.create_user("ada", password=RIGHT)
        cls.group = Group.objects.create(name="designers")
        cls.ada.groups.add(cls.group)
        category = Category.objects.create(name="Sites")
        cls.application = Application.objects.create(name="shop", category=category)
        cls.deployment = Deployment.objects.create(application=cls.application, name="live")
        Grant.objects.create(group=cls.group, deployment=cls.deployment, level=Level.PUSH)

    def setUp(self):
        self.client.force_login(self.root)

    def change(self, person, **fields):
        fields = {"username": person.get_username(), "is_active": "on", "groups": [], **fields}
        shown = {name: value for name, value in fields.items() if value is not None}
        return self.client.post(reverse("people:person", args=[person.pk]), shown)

    def last(self):
        return Change.objects.first()


class People(AmongPeople):
    """Accounts."""

    def test_somebody_new_gets_a_password_that_is_shown_once(self):
        answer = self.client.post(
            reverse("people:person-new"),
            {"username": "grace", "first_name": "Grace", "groups": [self.group.pk]},
        )
        password = answer.context["password"]
        self.assertContains(answer, password)
        self.assertIn("no-store", answer["Cache-Control"])
        grace = User.objects.get(username="grace")
        self.assertNotContains(self.client.get(reverse("people:person", args=[grace.pk])), password)
        self.assertEqual([*grace.groups.all()], [*Group.objects.all()])
        self.assertTrue(Client().login(username="grace", password=password))

    def test_a_first_password_can_be_set(self):
        answer = self.client.post(
            reverse("people:person-new"), {"username": "grace", "password": "battery staple"}
        )
        grace = User.objects.get(username="grace")
        self.assertRedirects(answer, reverse("people:person", args=[grace.pk]))
        self.assertTrue(Client().login(username="grace", password="battery staple"))

    def test_a_bad_first_password_makes_nobody(self):
        for bad in ("12345678", "grace-hopper"):
            answer = self.client.post(
                reverse("people:person-new"), {"username": "grace-hopper", "password": bad}
            )
            self.assertEqual(answer.status_code, 422)
        self.assertFalse(User.objects.filter(username="grace-hopper").exists())

    def test_a_name_is_given_once(self):
        answer = self.client.post(reverse("people:person-new"), {"username": "ada"})
        self.assertContains(answer, "already exists", status_code=422)

    def test_names_in_any_script(self):
        self.client.post(
            reverse("people:person-new"), {"username": "шура", "first_name": "<b>Шура"}
        )
        self.assertContains(self.client.get(reverse("people:people")), "&lt;b&gt;Шура")

    def test_the_history_tells_who_changed_what(self):
        self.client.post(reverse("people:person-new"), {"username": "grace"})
        made = self.last()
        self.assertEqual(
            (made.verb, made.kind, made.name, made.by_name), ("created", "user", "grace", "root")
        )
        self.change(self.ada, is_superuser="on", groups=[])
        shown = {one.field: (one.before, one.after) for one in self.last().differences}
        self.assertEqual(shown, {"superuser": ("no", "yes"), "groups": ("designers", "")})

    def test_the_history_tells_who_was_called_otherwise(self):
        self.change(self.ada, username="lovelace", groups=[self.group.pk])
        shown = {one.field: (one.before, one.after) for one in self.last().differences}
        self.assertEqual(shown, {"name": ("ada", "lovelace")})

    def test_the_history_tells_that_a_password_was_set_but_not_which(self):
        address = reverse("people:person-password", args=[self.ada.pk])
        self.client.post(address, {"password": "battery staple"})
        self.assertEqual([one.field for one in self.last().differences], ["password set"])
        kept = str([*Change.objects.values()])
        self.ada.refresh_from_db()
        self.assertNotIn("battery", kept)
        self.assertNotIn(self.ada.password, kept)

    def test_another_password_ends_sessions(self):
        hers = Client()
        hers.force_login(self.ada)
        self.client.post(reverse("people:person-password", args=[self.ada.pk]))
        self.assertEqual(hers.get(reverse("people:account")).status_code, 302)

    def test_who_is_deactivated_has_no_session_any_more_not_even_afterwards(self):
        hers = Client()
        hers.force_login(self.ada)
        self.assertEqual(hers.get(reverse("people:account")).status_code, 200)
        self.change(self.ada, is_active=None)
        self.change(self.ada)  # active again
        self.assertEqual(hers.get(reverse("people:account")).status_code, 302)
        hers.force_login(User.objects.get(pk=self.ada.pk))
        self.assertEqual(hers.get(reverse("people:account")).status_code, 200)

    @override_settings(AUTHENTICATION_BACKENDS=[ORACLE])
    def test_sessions_end_whatever_the_back_end_says(self):
        self.client.force_login(self.root)
        hers = Client()
        hers.force_login(self.ada)
        self.change(self.ada, is_active=None)
        self.assertEqual(hers.get(reverse("people:account")).status_code, 302)

    def test_tokens_of_who_is_deactivated_open_nothing(self):
        token = Token(user=self.ada, name="ci")
        text = token.generate()
        token.save()
        self.assertIsNotNone(Token.objects.with_text(text))
        self.change(self.ada, is_active=None)
        self.assertIsNone(Token.objects.with_text(text))

    def test_an_account_of_a_central_login_has_no_password_here(self):
        User.objects.filter(pk=self.ada.pk).update(central=True)
        address = reverse("people:person-password", args=[self.ada.pk])
        self.assertNotContains(
            self.client.get(reverse("people:person", args=[self.ada.pk])), address
        )
        with override_settings(AUTHENTICATION_BACKENDS=[ORACLE]):
            self.client.force_login(self.root)
            refused = [self.client.post(address, {"password": "battery staple 12"})]
            self.client.force_login(self.ada)
            refused.append(self.client.get(reverse("people:account-password")))
        for answer in refused:
            self.assertContains(answer, "belongs to the central login", status_code=403)
        self.assertTrue(User.objects.get(pk=self.ada.pk).check_password(RIGHT))

    def test_the_last_active_superuser_stays_one(self):
        gone = User.objects.create_superuser("gone", is_active=False)
        for fields in ({"is_active": None, "is_superuser": "on"}, {"is_superuser": None}):
            answer = self.change(self.root, **fields)
            self.assertContains(answer, "last active superuser", status_code=422)
        self.change(gone, is_superuser="on")
        self.assertRedirects(self.change(self.root), reverse("people:account"))
        self.assertEqual([*User.objects.filter(is_superuser=True)], [gone])

    def test_the_last_local_superuser_stays_one(self):
        User.objects.create_superuser("central", central=True)
        for fields in ({"is_active": None, "is_superuser": "on"}, {"is_superuser": None}):
            answer = self.change(self.root, **fields)
            self.assertContains(answer, "last superuser with a password in Rolf", status_code=422)
        User.objects.create_superuser("local")
        self.assertRedirects(self.change(self.root), reverse("people:account"))

    def test_a_password_isnt_in_the_page_that_asks_for_it_again(self):
        answer = self.client.post(
            reverse("people:person-new"), {"username": "not a name!", "password": "battery staple"}
        )
        self.assertNotContains(answer, "battery", status_code=422)


class Groups(AmongPeople):
    """Groups."""

    def test_a_group_is_made_with_its_members(self):
        self.client.post(
            reverse("people:group-new"), {"name": "programmers", "members": [self.ada.pk]}
        )
        self.assertEqual(self.ada.groups.count(), 2)
        self.assertEqual(
            (self.last().kind, self.last().after),
            ("group", {"name": "programmers", "members": ["ada"]}),
        )

    def test_another_name_and_other_members(self):
        address = reverse("people:group", args=[self.group.pk])
        self.client.post(address, {"name": "artists", "members": [self.root.pk]})
        self.group.refresh_from_db()
        self.assertEqual(self.group.name, "artists")
        self.assertEqual([*self.group.user_set.all()], [self.root])
        shown = {one.field: (one.before, one.after) for one in self.last().differences}
        self.assertEqual(shown, {"name": ("designers", "artists"), "members": ("ada", "root")})

    def test_a_name_is_given_once(self):
        answer = self.client.post(reverse("people:group-new"), {"name": "designers"})
        self.assertEqual(answer.status_code, 422)

    def test_who_is_deactivated_stays_a_member(self):
        self.change(self.ada, is_active=None, groups=[self.group.pk])
        address = reverse("people:group", args=[self.group.pk])
        self.assertContains(self.client.get(address), "ada")
        self.client.post(address, {"name": "designers", "members": [self.ada.pk]})
        self.assertEqual([*self.group.user_set.all()], [self.ada])

    def test_its_page_says_what_it_may_do(self):
        page = self.client.get(reverse("people:group", args=[self.group.pk]))
        self.assertContains(page, self.deployment.get_absolute_url())
        self.assertContains(page, '<td data-label="permission">push</td>', html=True)

    def test_deleting_it_asks_first(self):
        page = self.client.get(reverse("people:group-delete", args=[self.group.pk]))
        self.assertContains(page, "1 user loses the group's permissions on 1 deployment.")
        self.assertTrue(Group.objects.exists())

    def test_what_it_might_do_goes_with_it_and_each_deployments_history_tells(self):
        self.client.post(reverse("people:group-delete", args=[self.group.pk]))
        self.assertFalse(Group.objects.exists())
        self.assertTrue(User.objects.filter(pk=self.ada.pk).exists())
        shown = [(one.kind, one.verb, one.deployment) for one in Change.objects.order_by("pk")]
        self.assertEqual(
            shown, [("permission", "deleted", self.deployment), ("group", "deleted", None)]
        )


class Account(AmongPeople):
    """The user's own account."""

    def setUp(self):
        self.client.force_login(self.ada)

    def take(self, old, new="battery staple", again=None):
        return self.client.post(
            reverse("people:account-password"),
            {"old_password": old, "new_password1": new, "new_password2": again or new},
        )

    def test_it_says_what_i_may_do_and_by_which_group(self):
        page = self.client.get(reverse("people:account"))
        self.assertContains(page, "shop live")
        self.assertContains(
            page,
            '<td data-label="permission">push</td><td data-label="group">designers</td>',
            html=True,
        )
        self.assertContains(page, reverse("api:tokens"))

    def test_it_names_nothing_else(self):
        elsewhere = Deployment.objects.create(application=self.application, name="secret")
        Grant.objects.create(
            group=Group.objects.create(name="others"), deployment=elsewhere, level=Level.EDIT
        )
        gone = Deployment.objects.create(
            application=self.application, name="gone", deleted=elsewhere.created
        )
        Grant.objects.create(group=self.group, deployment=gone, level=Level.EDIT)
        page = self.client.get(reverse("people:account"))
        for name in ("secret", "others", "gone"):
            self.assertNotContains(page, name)

    def test_another_password_takes_the_old_one(self):
        self.assertContains(self.take("wrong"), "not your current password", status_code=422)
        self.assertEqual(self.take(RIGHT, again="another").status_code, 422)
        self.assertRedirects(self.take(RIGHT), reverse("people:account"))
        self.assertTrue(Client().login(username="ada", password="battery staple"))
        self.assertEqual((self.last().by_name, self.last().name), ("ada", "ada"))

    def test_who_found_an_open_session_may_not_try_for_long(self):
        for _ in range(5):
            self.take("wrong")
        self.assertContains(self.take(RIGHT), "Too many attempts", status_code=422)

    def test_other_sessions_end_and_this_one_goes_on(self):
        other = Client()
        other.force_login(self.ada)
        self.take(RIGHT)
        self.assertEqual(other.get(reverse("people:account")).status_code, 302)
        self.assertEqual(self.client.get(reverse("people:account")).status_code, 200)


class Admin(AmongPeople):
    """Django's admin, whose changes would not be in the history."""

    def test_it_shows_people_and_changes_nothing(self):
        address = reverse("admin:accounts_user_change", args=[self.ada.pk])
        page = self.client.get(address)
        self.assertContains(page, "ada")
        self.assertNotContains(page, self.ada.password)
        self.assertEqual(self.client.post(address, {"username": "eve"}).status_code, 403)
        for name, arguments in [("add", []), ("delete", [self.ada.pk])]:
            address = reverse(f"admin:accounts_user_{name}", args=arguments)
            self.assertEqual(self.client.post(address, {"post": "yes"}).status_code, 403)
        address = reverse("admin:auth_user_password_change", args=[self.ada.pk])
        self.assertEqual(self.client.post(address).status_code, 403)

    def test_groups_arent_in_it(self):
        self.assertEqual(self.client.get("/admin/auth/group/").status_code, 404)


class Many(AmongPeople):
    """The number of queries is constant."""

    def fill(self, count):
        for number in range(count):
            group = Group.objects.create(name=f"group {number}")
            User.objects.create_user(f"person {number}").groups.add(group)
            deployment = Deployment.objects.create(
                application=self.application, name=f"place-{number}"
            )
            Grant.objects.create(group=group, deployment=deployment, level=Level.VIEW)
            Grant.objects.create(group=self.group, deployment=deployment, level=Level.VIEW)

    def test_pages_take_as_many_queries(self):
        addresses = [
            reverse("people:people"),
            reverse("people:account"),
            reverse("people:person", args=[self.ada.pk]),
            reverse("people:group", args=[self.group.pk]),
        ]
        self.client.get(addresses[0])
        before = [self.queries(address) for address in addresses]
        self.fill(120)
        self.assertEqual([self.queries(address) for address in addresses], before)

    def test_a_page_of_people_has_an_end(self):
        self.fill(120)
        page = self.client.get(reverse("people:people"))
        self.assertContains(page, "page 1 of 2")

    def queries(self, address):
        with CaptureQueriesContext(connection) as asked:
            self.assertEqual(self.client.get(address).status_code, 200)
        return len(asked)
