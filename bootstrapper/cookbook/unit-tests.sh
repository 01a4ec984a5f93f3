# Runs the project's own tests in the checkout, in a virtualenv if it has a bootstrap.py.
#
# It runs `make test` if there is such a target, otherwise `./manage.py test`. It removes what the tests
# leave behind, so that the hosts do not get it.
#
# MANAGE_DIRECTORY        the directory that has manage.py, such as src (.)
# TEST_SETTINGS_MODULE    the settings of the tests, instead of DJANGO_SETTINGS_MODULE
# TEST_ENV_FILE           a file of the checkout with lines NAME=value, such as .env.test: ./manage.py
#                         test gets them as environment variables, unless they are set
# RELEASE_SOURCE          the directory of the checkout that is sent; the tests run there if it has a
#                         bootstrap.py (the checkout)
# SKIP_TESTS              a flag: push without running the tests
#
# needs:
: "${MANAGE_DIRECTORY=}" "${TEST_SETTINGS_MODULE=}" "${TEST_ENV_FILE=}" "${RELEASE_SOURCE=.}"
cd "$CHECKOUT_DIR"
if [ -n "${SKIP_TESTS-}" ]; then
    echo "SKIP_TESTS is set: the tests are skipped"
    exit
fi
trap 'echo "  next: cd ${CHECKOUT_DIR@Q}  # has the tested files; correct the code, commit, push again" >&2' ERR
if [ -f "./$RELEASE_SOURCE/bootstrap.py" ]; then cd "./$RELEASE_SOURCE"; fi
if [ -f bootstrap.py ]; then
    ./bootstrap.py
elif [ -f "./$MANAGE_DIRECTORY/bootstrap.py" ]; then
    (cd "./$MANAGE_DIRECTORY" && ./bootstrap.py)
fi
if [ -n "$TEST_SETTINGS_MODULE" ]; then export DJANGO_SETTINGS_MODULE=$TEST_SETTINGS_MODULE; fi
target='^([^:=#[:space:]]+ +)*test( [^:=]*)?:([^=]|$)'
if grep -Eqs "$target" GNUmakefile makefile Makefile; then
    make test
elif [ -f "./$MANAGE_DIRECTORY/manage.py" ]; then
    REMOTE_HOST=. ENV_FILE=$TEST_ENV_FILE
    if [ -n "$ENV_FILE" ] && [ ! -r "./$ENV_FILE" ]; then
        echo "$CHECKOUT_DIR: no $ENV_FILE, which TEST_ENV_FILE names" >&2
        echo "  next: \${EDITOR:-vi} deploy/deployments.toml  # correct TEST_ENV_FILE" >&2
        exit 1
    fi
    # piece: manage
    "${manage[@]}" test
    cd "$CHECKOUT_DIR"
else
    echo "$CHECKOUT_DIR: no tests: there is neither a Makefile with the target test nor a manage.py" >&2
    echo "  next: \${EDITOR:-vi} deploy/deployments.toml  # remove unit-tests, or write tests" >&2
    exit 1
fi
if [ -e .git ]; then git clean -dfxq --exclude=/ve; fi
