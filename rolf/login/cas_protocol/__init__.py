"""CAS 3.0 with attributes, by django-cas-ng and python-cas.

The libraries send people to the server, check tickets, and keep which ticket opened which session,
for single log-out. `pages.py` closes what django-cas-ng leaves open: where people go after the
login, tickets that another person's browser brings, and answers that are no XML.
"""
