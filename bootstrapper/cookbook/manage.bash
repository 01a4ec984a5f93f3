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
# Not every manage.py reads the file of the host's settings. It is parsed, and never sourced: no line
# of it runs. apache/django.wsgi of an adopted project reads it by the same rules.
if [ -n "$ENV_FILE" ]; then
    if [ ! -r "$release/$ENV_FILE" ]; then
        echo "$REMOTE_HOST:$release: no $ENV_FILE, which holds the settings of this host (ENV_FILE)" >&2
        file=$(readlink -m "$release/$ENV_FILE")
        if [ "$REMOTE_HOST" = . ]; then ssh=; else ssh="ssh $REMOTE_HOST "; fi
        echo "  next: ${ssh}install -D -m 600 /dev/null ${file@Q}  # write lines NAME=value into it, then resume the push" >&2
        exit 1
    fi
    interpreter=$release/ve/bin/python
    if [ ! -x "$interpreter" ]; then interpreter=python3; fi
    # The values are in the environment only: ps shows the words of a command. A recipe that indents
    # this piece indents the lines of Python, too.
    manage=("$interpreter" -I -c 'if True:
        import os, re, sys
        LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*"
            r"(?:\"([^\"]*)\"|\x27([^\x27]*)\x27|(.*?))(?:\s+#.*)?\s*")
        for match in map(LINE.fullmatch, open(sys.argv[1], encoding="utf-8")):
            if match:
                os.environ.setdefault(match[1], match[2] or match[3] or match[4] or "")
        os.execvp(sys.argv[2], sys.argv[2:])
    ' "$release/$ENV_FILE" "${manage[@]}")
fi
