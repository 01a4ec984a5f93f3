# Deploys the checkout to a fleet with Ansible, some hosts at a time: send, build, switch, test.
#
# The recipe replaces the stages from rsync-release to smoke-test: it does the same steps with Ansible,
# which reaches the hosts as its inventory says. A host that fails returns to its old release. If too
# many hosts fail, Ansible starts no further hosts. The deploying machine needs ansible-core.
#
# ANSIBLE_SERIAL         how many hosts at a time (25%)
# ANSIBLE_MAX_FAIL       how many percent of those may fail (0)
# ANSIBLE_LIMIT          some of the inventory's hosts or groups (all)
# ANSIBLE_PLAYBOOK       the program (ansible-playbook)
# REMOTE_PYTHON, WSGI_FILE, DJANGO_SETTINGS_MODULE    as in bootstrap, touch-wsgi, migrate
# SHARED_PATHS           as in rsync-release
#
# If hosts differ in REMOTE_DIRECTORY, set the variable remote_directory in the inventory.
#
# ANSIBLE_SMOKE_URL      each host requests it until the answer is 200: http://{host}/healthz
# ANSIBLE_SMOKE_TRIES    how often, with a second between (30)
#
# switches
# needs: ANSIBLE_INVENTORY REMOTE_DIRECTORY
: "${SHARED_PATHS=}"
# piece: shared-paths
export SHARED_PATHS REMOTE_PYTHON=${REMOTE_PYTHON-} WSGI_FILE=${WSGI_FILE:-apache/django.wsgi}
export ANSIBLE_SERIAL=${ANSIBLE_SERIAL:-25%} ANSIBLE_MAX_FAIL=${ANSIBLE_MAX_FAIL:-0}
# Ansible uses the ssh connections of the push, if there are any, and leaves none of its own.
export ANSIBLE_SSH_ARGS='-o ControlMaster=no' ANSIBLE_PIPELINING=1 ANSIBLE_NOCOWS=1
export ANSIBLE_PYTHON_INTERPRETER=auto_silent ANSIBLE_RETRY_FILES_ENABLED=0
program=${ANSIBLE_PLAYBOOK:-ansible-playbook}
if ! command -v "$program" >/dev/null; then
    echo "$program: not installed on this machine" >&2
    echo "  next: apt-get install ansible-core  # as root; or set ANSIBLE_PLAYBOOK to its path" >&2
    exit 1
fi
cd "$CHECKOUT_DIR"
if [ ! -e "$ANSIBLE_INVENTORY" ]; then
    echo "ANSIBLE_INVENTORY: there is no $ANSIBLE_INVENTORY" >&2
    echo "  next: \${EDITOR:-vi} deploy/deployments.toml  # correct ANSIBLE_INVENTORY, a path in the checkout" >&2
    exit 1
fi
directory=$(dirname "$CHECKOUT_DIR")/ansible
mkdir -p "$directory"
export RELEASE_ARCHIVE=$directory/release.tar.gz
trap 'rm -f "$RELEASE_ARCHIVE"' EXIT
tar --create --gzip --mode=u=rwX,go=rX --exclude=.git --exclude=./ve --exclude='./.ve.*' \
    --exclude=__pycache__ --file="$RELEASE_ARCHIVE" .

cat >"$directory/playbook.yml" <<'END'
- name: release
  hosts: all
  gather_facts: false
  serial: "{{ lookup('env', 'ANSIBLE_SERIAL') }}"
  max_fail_percentage: "{{ lookup('env', 'ANSIBLE_MAX_FAIL') | int }}"
  vars:
    directory: "{{ remote_directory | default(lookup('env', 'REMOTE_DIRECTORY')) }}"
    release: "{{ lookup('env', 'RELEASE') }}"
    partial: "{{ directory }}/releases/.{{ release }}.partial"
    url: "{{ lookup('env', 'ANSIBLE_SMOKE_URL') }}"
    settings: "{{ lookup('env', 'DJANGO_SETTINGS_MODULE') }}"
  environment:
    RELEASE: "{{ release }}"
    REMOTE_HOST: "{{ inventory_hostname }}"
    REMOTE_DIRECTORY: "{{ directory }}"
    SHARED_PATHS: "{{ lookup('env', 'SHARED_PATHS') }}"
    REMOTE_PYTHON: "{{ lookup('env', 'REMOTE_PYTHON') }}"
    WSGI_FILE: "{{ lookup('env', 'WSGI_FILE') }}"
  tasks:
    - name: create directories
      ansible.builtin.shell:
        executable: /bin/bash
        cmd: |
          set -eo pipefail
          (umask 022; mkdir -p "$REMOTE_DIRECTORY")
          cd "$REMOTE_DIRECTORY"
          # piece: umask
          mkdir -p releases shared
          # A directory of an earlier attempt may have links to shared/; tar would follow them.
          rm -rf "releases/.$RELEASE.partial"
          mkdir "releases/.$RELEASE.partial"
    - name: send
      ansible.builtin.unarchive:
        src: "{{ lookup('env', 'RELEASE_ARCHIVE') }}"
        dest: "{{ partial }}"
        extra_opts: [--no-same-owner]
    - name: build
      ansible.builtin.shell:
        executable: /bin/bash
        cmd: |
          set -eo pipefail
          cd "$REMOTE_DIRECTORY"
          REMOTE_DIRECTORY=$PWD
          # piece: umask
          cd "releases/.$RELEASE.partial"
          # piece: link-shared
          cd ..
          if [ "$(readlink ../current)" = "releases/$RELEASE" ]; then exit; fi
          rm -rf "$RELEASE"
          mv -T ".$RELEASE.partial" "$RELEASE"
          cd "$RELEASE"
          if [ -f bootstrap.py ]; then
              python=$(command -v "${REMOTE_PYTHON:-python3}")
              "$python" bootstrap.py ${REMOTE_PYTHON:+--python "$python"}
          fi
          if [ -f manage.py ]; then ./manage.py collectstatic --noinput; fi
      environment: "{{ {'DJANGO_SETTINGS_MODULE': settings} if settings else {} }}"
    - name: go live, or return
      block:
        - name: switch
          ansible.builtin.shell:
            executable: /bin/bash
            cmd: |
              set -e
              cd "$REMOTE_DIRECTORY"
              switch() { ln -sfn "$1" ".$2.new" && mv -T ".$2.new" "$2"; }
              before=$(readlink current) || true
              [ "$before" != "releases/$RELEASE" ] || exit 0
              if [ -n "$before" ]; then switch "$before" previous; fi
              switch "releases/$RELEASE" current
              if [ -e "current/$WSGI_FILE" ]; then touch "current/$WSGI_FILE"; fi
        - name: smoke test
          ansible.builtin.uri:
            url: "{{ url | replace('{host}', ansible_host | default(inventory_hostname)) }}"
            follow_redirects: none
          register: answer
          until: answer.status == 200
          retries: "{{ lookup('env', 'ANSIBLE_SMOKE_TRIES') | default('30', true) | int }}"
          delay: 1
          when: url != ''
      rescue:
        - name: return to the previous release
          ansible.builtin.shell:
            executable: /bin/bash
            cmd: |
              cd "$REMOTE_DIRECTORY"
              if [ "$(readlink current)" = "releases/$RELEASE" ] && [ -L previous ]; then
                  ln -sfn "$(readlink previous)" .current.new && mv -T .current.new current
                  if [ -e "current/$WSGI_FILE" ]; then touch "current/$WSGI_FILE"; fi
              fi
        - name: fail
          ansible.builtin.fail:
            msg: "{{ ansible_failed_task.name }}: failed here; the previous release is live again"
END
"$program" --inventory "$ANSIBLE_INVENTORY" ${ANSIBLE_LIMIT:+--limit "$ANSIBLE_LIMIT"} \
    "$directory/playbook.yml" || {
    echo "release $RELEASE is not on all hosts; Ansible lists above where it failed" >&2
    echo "  next: ansible --inventory ${ANSIBLE_INVENTORY@Q} --module-name ping all  # in the project;" \
        "correct the error above, then push again; ANSIBLE_LIMIT=HOST pushes to one host" >&2
    exit 1
}
