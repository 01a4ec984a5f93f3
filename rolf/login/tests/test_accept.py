"""Which account a person gets, and which groups."""

import re
from datetime import timedelta

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import TestCase, override_settings
from django.utils import timezone

from history.models import Change
from login.accept import LoginRefused, accept
from login.group_mapping import GroupMapping
from login.models import Identity, ManagedGroup

User = get_user_model()
ROLF = GroupMapping(prefix="rolf-", rename={"rolf-web": "Web"})


def login(name="ada", subject=None, method="ldap", **more):
    return accept(method, subject or f"id-of-{name}", name, **more)


def groups(user):
    return sorted(user.groups.values_list("name", flat=True))


class Account(TestCase):
    """The rule that finds the account."""

    def test_first_login_creates_an_account(self):
        ada = login(full_name="Ada King Lovelace", email="ada@example.org")
        self.assertEqual(ada.get_full_name(), "Ada King Lovelace")
        self.assertEqual((ada.last_name, ada.email), ("Lovelace", "ada@example.org"))
        self.assertFalse(ada.has_usable_password())
        self.assertFalse(ada.is_superuser or ada.is_staff)

    def test_known_subject_keeps_its_account(self):
        first = login()
        self.assertEqual(login("ada.king", "id-of-ada"), first)
        self.assertEqual(User.objects.get().username, "ada")

    def test_spellings_are_one_account(self):
        login("ada", "1")
        for spelling in ("ADA", "Ada", "ａｄａ"):
            with self.assertRaisesMessage(LoginRefused, "account ada that does not belong"):
                login(spelling, "2")
        self.assertEqual(User.objects.count(), 1)

    def test_letters_beyond_ascii_are_folded(self):
        login("STRASSE", "1")
        with self.assertRaises(LoginRefused):
            login("straße", "2")
        login("Jos\u00e9", "3")
        with self.assertRaises(LoginRefused):
            login("JOSE\u0301", "4")

    def test_local_accounts_are_not_taken_over(self):
        User.objects.create_superuser("admin", password="correct horse")
        for name in ("admin", "ADMIN"):
            with self.assertRaises(LoginRefused):
                login(name)
        self.assertTrue(self.client.login(username="admin", password="correct horse"))
        self.assertFalse(Identity.objects.exists())

    @override_settings(LOGIN_LINK="people")
    def test_linking_people_spares_superusers(self):
        User.objects.create_superuser("admin")
        ada = User.objects.create_user("Ada", password="correct horse")
        with self.assertRaises(LoginRefused):
            login("admin")
        self.assertEqual(login("ada"), ada)
        self.assertFalse(self.client.login(username="ada", password="correct horse"))

    @override_settings(LOGIN_LINK="all")
    def test_linking_all_includes_superusers(self):
        admin = User.objects.create_superuser("admin")
        self.assertEqual(login("ADMIN"), admin)

    @override_settings(LOGIN_LINK="all")
    def test_a_name_given_to_another_person_is_refused(self):
        login("ada", "1")
        with self.assertRaises(LoginRefused):
            login("ada", "2")

    @override_settings(LOGIN_LINK="people")
    def test_two_methods_share_an_account(self):
        self.assertEqual(login(), login(method="oidc"))
        self.assertEqual(Identity.objects.count(), 2)

    def test_deactivated_accounts_stay_out(self):
        login()
        User.objects.update(is_active=False)
        with self.assertRaisesMessage(LoginRefused, "deactivated"):
            login()

    def test_impossible_names_are_refused(self):
        for name in ("", "a b", "a/b", "x" * 151, "ada\n", "ada\0", "*)(uid=*"):
            with self.subTest(name), self.assertRaises(LoginRefused):
                login(name, "1")
        self.assertFalse(User.objects.exists())

    def test_nonsense_about_a_person_is_left_out(self):
        ada = login(full_name="x" * 200, email="not an address")
        self.assertEqual((len(ada.last_name), ada.email), (150, ""))

    def test_history_shows_the_login_that_created_it(self):
        login()
        [made] = Change.objects.filter(kind="user")
        self.assertEqual((made.verb, made.by_name), ("created", "central login (ldap)"))


@override_settings(LOGIN_GROUPS=ROLF)
class Groups(TestCase):
    """The groups of an account."""

    def test_only_mapped_groups_are_created(self):
        many = {f"staff-{number}" for number in range(10_000)}
        ada = login(groups=many | {"rolf-web", "rolf-shop"})
        self.assertEqual(groups(ada), ["Web", "rolf-shop"])
        self.assertEqual(Group.objects.count(), 2)

    def test_left_groups_are_removed(self):
        login(groups=["rolf-web", "rolf-shop"])
        ada = login(groups=["rolf-web"])
        self.assertEqual(groups(ada), ["Web"])
        self.assertEqual(Group.objects.count(), 2)

    def test_groups_by_hand_stay(self):
        ada = login(groups=["rolf-shop"])
        ada.groups.add(Group.objects.create(name="by hand"))
        self.assertEqual(groups(login()), ["by hand"])

    def test_memberships_by_hand_stay(self):
        login("grace", groups=["rolf-shop"])
        ada = login()
        ada.groups.add(Group.objects.get(name="rolf-shop"))
        login(groups=["rolf-shop"])
        self.assertEqual(groups(login()), ["rolf-shop"])

    def test_a_group_made_by_hand_is_not_filled(self):
        Group.objects.create(name="rolf-admins")
        with self.assertLogs("rolf.login", "WARNING") as logs:
            ada = login(groups=["rolf-admins"])
        self.assertEqual(groups(ada), [])
        self.assertIn("rolf-admins", logs.output[0])

    def test_a_group_that_the_settings_name_is_filled(self):
        Group.objects.create(name="Web")
        self.assertEqual(groups(login(groups=["rolf-web"])), ["Web"])
        self.assertEqual(groups(login()), [])

    @override_settings(LOGIN_LINK="people")
    def test_a_group_of_two_providers_stays_with_one(self):
        login(groups=["rolf-web"])
        login(method="oidc", groups=["rolf-web"])
        self.assertEqual(groups(login()), ["Web"])
        self.assertEqual(groups(login(method="oidc")), [])

    def test_another_login_changes_nothing(self):
        login(groups=["rolf-web"])
        before = Change.objects.count()
        login(groups=["rolf-web"])
        self.assertEqual(Change.objects.count(), before)

    def test_histories_of_person_and_group_show_it(self):
        login(groups=["rolf-web"])
        login()
        person = [change.after["groups"] for change in Change.objects.filter(kind="user")]
        self.assertEqual(person, [[], ["Web"], []])
        group = [change.after for change in Change.objects.filter(kind="group", name="Web")]
        self.assertEqual(
            group,
            [
                {"name": "Web", "left": "ada"},
                {"name": "Web", "joined": "ada"},
                {"name": "Web", "members": []},
            ],
        )

    def test_a_deleted_group_is_made_again(self):
        login(groups=["rolf-web"])
        Group.objects.all().delete()
        self.assertFalse(ManagedGroup.objects.exists())
        self.assertEqual(groups(login(groups=["rolf-web"])), ["Web"])

    def test_log_names_groups_that_do_not_pass(self):
        with self.assertLogs("rolf.login", "INFO") as logged:
            login(groups=["Rolf-web", "staff\nroot"])
        self.assertIn("accept none of 2, such as ['Rolf-web', 'staff\\nroot']", logged.output[0])
        with self.assertNoLogs("rolf.login", "INFO"):
            login(groups=["rolf-web", "staff"])


class Confirmed(TestCase):
    """What an acceptance notes."""

    def test_a_login_confirms_the_person(self):
        login()
        identity = Identity.objects.get()
        self.assertLess(timezone.now() - identity.confirmed, timedelta(seconds=10))
        Identity.objects.update(confirmed=None, unreachable=timezone.now())
        login(details={"dn": "uid=ada"})
        identity.refresh_from_db()
        self.assertTrue(identity.confirmed)
        self.assertIsNone(identity.unreachable)
        self.assertEqual(identity.details, {"dn": "uid=ada"})


class Mapping(TestCase):
    """The filter and the table."""

    def test_nothing_passes_without_settings(self):
        self.assertEqual(GroupMapping().inside(["admin", ""]), set())

    def test_a_pattern_gives_the_name(self):
        mapping = GroupMapping(
            pattern=re.compile("cn=rolf-([^,]+),ou=groups,dc=example"), rename={"web": "Web"}
        )
        outside = ["cn=rolf-web,ou=groups,dc=example", "cn=rolf-db,ou=groups,dc=example,dc=evil"]
        self.assertEqual(mapping.inside(outside), {"Web"})

    def test_a_list_takes_whole_names(self):
        mapping = GroupMapping(names=frozenset({"web"}))
        self.assertEqual(mapping.inside(["web", "Web", "web2", " web "]), {"web"})

    def test_odd_names_are_left_out(self):
        mapping = GroupMapping(prefix="r")
        odd = ["r" * 151, "r\n", "r\0", "r\u202e", "r\x1b[2J"]
        self.assertEqual(mapping.inside(odd) - {"r"}, set())

    def test_a_group_of_the_table_has_no_other_way_in(self):
        mapping = GroupMapping(
            pattern=re.compile("cn=rolf-([^,]+),.*"), rename={"web-team": "Web", "ops": "Ops"}
        )
        self.assertEqual(mapping.inside(["cn=rolf-Web,dc=x", "cn=rolf-other,dc=x"]), {"other"})
        self.assertEqual(mapping.inside(["web-team", "cn=rolf-ops,dc=x"]), {"Web", "Ops"})

    def test_two_outside_groups_can_be_one(self):
        mapping = GroupMapping(rename={"a": "Web", "b": "Web"})
        self.assertEqual(mapping.inside(["a", "b"]), {"Web"})
