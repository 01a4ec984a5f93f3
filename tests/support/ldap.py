"""A real directory: Debian's slapd, for as long as a test needs it."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.processes import ENDS_WITH_US

SLAPD = "/usr/sbin/slapd"
PROGRAMS = (SLAPD, "ldapmodify", "slapadd")
BASE = "dc=example,dc=org"
SERVICE = f"cn=rolf,{BASE}"
SERVICE_PASSWORD = "a service's own password"
ROOT, ROOT_PASSWORD = f"cn=root,{BASE}", "the directory's own password"

# Only the account of the service reads entries; anybody may try a password.
CONFIGURATION = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
pidfile {directory}/slapd.pid
{tls}
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{service}" read by * none
database mdb
maxsize 268435456
directory {directory}/data
suffix "{base}"
rootdn "{root}"
rootpw "{root_password}"
index objectClass,uid,cn,member,memberUid,entryUUID eq
overlay memberof
"""
TLS = """
TLSCertificateFile {directory}/ldap.crt
TLSCertificateKeyFile {directory}/ldap.key
"""
TREE = f"""
dn: {BASE}
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: ou=people,{BASE}
objectClass: organizationalUnit
ou: people

dn: ou=groups,{BASE}
objectClass: organizationalUnit
ou: groups

dn: {SERVICE}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: rolf
userPassword: {SERVICE_PASSWORD}
"""


@dataclass
class Ldap:
    """A directory with people and groups; `start` and `kill` are its server's."""

    directory: Path
    port: int
    tls_port: int
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def uri(self) -> str:
        return f"ldap://127.0.0.1:{self.port}"

    @property
    def tls_uri(self) -> str:
        return f"ldaps://127.0.0.1:{self.tls_port}"

    @property
    def authority(self) -> Path:
        return self.directory / "ldap.crt"

    def fill(self, ldif: str) -> None:
        """Add entries while the server does not run: thousands of them in a second."""
        subprocess.run(
            ["slapadd", "-q", "-f", self.directory / "slapd.conf"],
            input=ldif,
            text=True,
            check=True,
            capture_output=True,
        )

    def change(self, ldif: str) -> None:
        """Carry out changes, as ldapmodify(1) takes them."""
        subprocess.run(
            ["ldapmodify", "-x", "-H", self.uri, "-D", ROOT, "-w", ROOT_PASSWORD],
            input=ldif,
            text=True,
            check=True,
            capture_output=True,
        )

    def add_person(self, uid: str, password: str, full_name: str = "Ada Lovelace") -> None:
        """Add a person with an account."""
        self.change(
            f"dn: uid={uid},ou=people,{BASE}\nchangetype: add\n"
            f"objectClass: inetOrgPerson\nuid: {uid}\ncn: {full_name}\nsn: {full_name}\n"
            f"mail: {uid}@example.org\nuserPassword: {password}\n"
        )

    def add_group(self, name: str, *members: str) -> None:
        """Add a group of people, or of groups whose names begin with a +."""
        lines = [f"member: {self.dn(member)}" for member in members]
        self.change(
            f"dn: cn={name},ou=groups,{BASE}\nchangetype: add\nobjectClass: groupOfNames\n"
            f"cn: {name}\n" + "\n".join(lines)
        )

    def remove_member(self, name: str, member: str) -> None:
        """Take a person out of a group, which keeps another member."""
        self.change(
            f"dn: cn={name},ou=groups,{BASE}\nchangetype: modify\n"
            f"delete: member\nmember: {self.dn(member)}\n"
        )

    def delete(self, dn: str) -> None:
        """Delete an entry."""
        self.change(f"dn: {dn}\nchangetype: delete\n")

    @staticmethod
    def dn(name: str) -> str:
        """Return the name of a person's entry, or of a group's."""
        if name.startswith("+"):
            return f"cn={name[1:]},ou=groups,{BASE}"
        return f"uid={name},ou=people,{BASE}"

    def start(self) -> None:
        """Start the server, and return when it takes connections."""
        addresses = f"{self.uri}/ ldaps://127.0.0.1:{self.tls_port}/"
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *ENDS_WITH_US,
                    SLAPD,
                    *("-d", "0", "-h", addresses, "-f", self.directory / "slapd.conf"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        end = time.monotonic() + 30
        while time.monotonic() < end:
            assert self.process.poll() is None, (self.directory / "log").read_text()
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError("slapd does not listen")

    def kill(self) -> None:
        """End the server at once."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None


@contextmanager
def directory(place: Path) -> Iterator[Ldap]:
    """Run a directory with a tree but no people, and leave nothing behind."""
    (place / "data").mkdir(parents=True)
    _make_certificate(place)
    (place / "slapd.conf").write_text(
        CONFIGURATION.format(
            directory=place,
            service=SERVICE,
            base=BASE,
            root=ROOT,
            root_password=ROOT_PASSWORD,
            tls=TLS.format(directory=place),
        )
    )
    found = Ldap(place, *_free_ports())
    found.fill(TREE)
    found.start()
    try:
        yield found
    finally:
        found.kill()
        shutil.rmtree(place)


def _make_certificate(place: Path) -> None:
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=directory", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", place / "ldap.key", "-out", place / "ldap.crt"),
        ],
        check=True,
        capture_output=True,
        env=os.environ,
    )


def _free_ports() -> tuple[int, int]:
    """Return two ports that are free; both sockets are open at once, so they differ."""
    with (
        socket.create_server(("127.0.0.1", 0)) as first,
        socket.create_server(("127.0.0.1", 0)) as second,
    ):
        return int(first.getsockname()[1]), int(second.getsockname()[1])
