token() { printf 'Authorization: Bearer %s' "$ROLF_TOKEN"; }
push=$(token | curl --fail-with-body -sS -H @- -H "Accept: text/plain" -d '{"comment": "by CI"}' \
  {{ address }}/deployments/{{ example }}/pushes) || { echo "$push"; exit 1; }
token | curl --fail-with-body -s --retry 200 -H @- -H "Accept: text/plain" "$push/outcome"
