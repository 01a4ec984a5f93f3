printf 'Authorization: Bearer %s' "$ROLF_TOKEN" | curl --fail-with-body -sS -H @- -d '{"comment": "by CI"}' {{ address }}/deployments/{{ example }}/pushes
