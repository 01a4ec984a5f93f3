push=$(curl --fail-with-body -sS -H "Authorization: Bearer $ROLF_TOKEN" -H "Accept: text/plain" \
  -d '{"comment": "by CI"}' {{ address }}/deployments/{{ example }}/pushes) || { echo "$push"; exit 1; }
curl --fail-with-body -s --retry 200 -H "Authorization: Bearer $ROLF_TOKEN" -H "Accept: text/plain" "$push/outcome"
