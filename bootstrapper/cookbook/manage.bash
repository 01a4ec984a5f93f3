release=$PWD
if [ ! -f "./$MANAGE_DIRECTORY/manage.py" ]; then
    echo "$REMOTE_HOST:$PWD: no ${MANAGE_DIRECTORY:+$MANAGE_DIRECTORY/}manage.py" >&2
    echo "  next: \${EDITOR:-vi} deploy/deployments.toml  # set MANAGE_DIRECTORY to the directory that has it" >&2
    exit 1
fi
cd "./$MANAGE_DIRECTORY"
# Not every manage.py is executable or names its ve, so the ve's Python runs it.
manage=(./manage.py)
IFS= read -r shebang <manage.py || true
if [ ! -x manage.py ] || [[ $shebang == '#!'*python* ]]; then
    for python in "$PWD/ve/bin/python" "$release/ve/bin/python"; do
        if [ -x "$python" ]; then
            manage=("$python" manage.py)
            break
        fi
    done
fi
