import os

from setuptools import find_packages, setup

VERSION = "1.0"
REQUIRES = [
    "Django>=2.2,<3.0",
    "python-dateutil",  # dates
    'futures; python_version < "3"',
]

setup(
    name="oldest",
    version=VERSION,
    packages=find_packages(),
    install_requires=REQUIRES + ["raven==6.10.0"],
    extras_require={"ldap": ["python-ldap"], "test": os.environ.get("TESTS", "").split()},
)
