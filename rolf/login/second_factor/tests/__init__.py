"""Tests of the second factor, in installations that have its libraries."""

from unittest import SkipTest

from django.apps import apps

if not apps.is_installed("login.second_factor"):
    raise SkipTest("requirements/login-second-factor.in is not installed")
