"""The search for groups of django-auth-ldap, for names with a percent sign."""

from django_auth_ldap.config import LDAPSearch


class GroupSearch(LDAPSearch):
    """A search without arguments, whose filter contains distinguished names.

    LDAPSearch takes each filter for a format, so it fails for `ou=50%`.
    """

    def execute(self, connection, filterargs=(), escape=True):
        """Return the groups that the filter finds."""
        literal = self.filterstr.replace("%", "%%")
        search = LDAPSearch(self.base_dn, self.scope, literal, attrlist=self.attrlist)
        return search.execute(connection)
