"""Settings of LDAP that are wrong are named before anybody logs in."""

import unittest
from importlib.util import find_spec

from django.core.exceptions import ImproperlyConfigured
from django.test import SimpleTestCase, override_settings

from login.checks import check_ldap_authority
from login.configuration import ldap

from .environment import Environment

NEEDED = {
    "LDAP_URI": "ldaps://ldap.example.org",
    "LDAP_USER_BASE": "ou=people,dc=example,dc=org",
    "LDAP_GROUP_BASE": "ou=groups,dc=example,dc=org",
}


@unittest.skipUnless(find_spec("ldap"), "pip install django-auth-ldap")
class LdapSettings(SimpleTestCase):
    """What an administrator may write into .env."""

    def settings_of(self, **more):
        return ldap.settings(Environment(NEEDED | more))

    def test_wrong_settings_are_named(self):
        for wrong in (
            {"LDAP_URI": "ldap.example.org"},
            {"LDAP_URI": "ldaps://one.example.org two.example.org"},
            {"LDAP_USER_BASE": ""},
            {"LDAP_USER_FILTER": "(uid=ada)"},
            {"LDAP_USER_FILTER": "(uid=%s)"},
            {"LDAP_USER_FILTER": "(&(uid=%(user)s)(ou=50%))"},
        ):
            [name] = wrong
            with self.subTest(wrong), self.assertRaisesRegex(ImproperlyConfigured, name):
                self.settings_of(**wrong)

    def test_a_filter_can_have_a_percent_sign(self):
        found = self.settings_of(LDAP_USER_FILTER="(&(uid=%(user)s)(ou=50%%))")
        self.assertIn("50%%", found["AUTH_LDAP_USER_SEARCH"].filterstr)

    def test_certificates_that_cannot_be_read_are_reported(self):
        for file, ids in (("/nowhere.pem", ["login.W005"]), (__file__, [])):
            with override_settings(**self.settings_of(LDAP_CA_FILE=file)):
                self.assertEqual([each.id for each in check_ldap_authority(None)], ids)
