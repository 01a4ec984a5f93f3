# Runs the project's own tests in the checkout, in a virtualenv if it has a bootstrap.py.
#
# It runs `make test` if there is such a target, otherwise `./manage.py test`. It removes what the tests
# leave behind, so that the hosts do not get it.
#
# MANAGE_DIRECTORY    the directory that has manage.py, such as src (.)
# SKIP_TESTS          a flag: push without running them
#
# needs:
: "${MANAGE_DIRECTORY=}"
cd "$CHECKOUT_DIR"
if [ -n "${SKIP_TESTS-}" ]; then
    echo "the tests are skipped, as SKIP_TESTS says"
    exit
fi
trap 'echo "  next: mend it, commit, push again; $CHECKOUT_DIR is what was tested" >&2' ERR
if [ -f bootstrap.py ]; then
    ./bootstrap.py
elif [ -f "./$MANAGE_DIRECTORY/bootstrap.py" ]; then
    (cd "./$MANAGE_DIRECTORY" && ./bootstrap.py)
fi
target='^([^:=#[:space:]]+ +)*test( [^:=]*)?:([^=]|$)'
if grep -Eqs "$target" GNUmakefile makefile Makefile; then
    make test
elif [ -f "./$MANAGE_DIRECTORY/manage.py" ]; then
    REMOTE_HOST=.
    # piece: manage
    "${manage[@]}" test
    cd "$CHECKOUT_DIR"
else
    echo "$CHECKOUT_DIR: no tests: neither a target test in a Makefile, nor a manage.py" >&2
    echo "  next: write them, or take unit-tests out of deploy/deployments.toml" >&2
    exit 1
fi
if [ -e .git ]; then git clean -dfxq --exclude=/ve; fi
