"""Commands of ./manage.py."""
