"""A copy of /etc, for a program that sees other users than this machine has."""

# Another test may run useradd in the real /etc meanwhile. Its lock files are gone when cp gets to
# them, or nobody removes their copies.
COPY_ETC = """
cp -a /etc "{etc}" || test -s "{etc}/passwd"
rm -f "{etc}"/*.lock
mount --bind "{etc}" /etc
"""
