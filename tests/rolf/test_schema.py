"""The API's schema, as it is served: what programs that are made of it rely on."""

import json
import urllib.request

from openapi_spec_validator import validate

from tests.support.rolf_home import Home, running


def test_the_schema_that_is_served_is_one(home: Home) -> None:
    with (
        running(home) as rolf,
        urllib.request.urlopen(f"{rolf.address}api/openapi.json", timeout=20) as answer,
    ):
        schema = json.load(answer)
    validate(schema)
    assert schema["openapi"].startswith("3.")
    operations = [described for path in schema["paths"].values() for described in path.values()]
    assert len(operations) >= 10
    for operation in operations:
        assert operation["x-needs"] in ("view", "push"), operation["operationId"]
        assert operation["security"], operation["operationId"]
