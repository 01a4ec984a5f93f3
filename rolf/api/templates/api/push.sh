curl --fail-with-body -sS -H "Authorization: Bearer $ROLF_TOKEN" -d '{"comment": "by CI"}' {{ address }}/deployments/{{ example }}/pushes
