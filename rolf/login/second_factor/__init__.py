"""The second factor of local accounts: an authenticator app, passkeys and recovery codes.

It is an application of its own, which an installation has only with LOGIN_SECOND_FACTOR. A password
opens a session that can do nothing (middleware.py) until the second factor was given as well.
"""
