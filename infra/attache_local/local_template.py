"""The template changed for the embedded AWS and `sam local`, where responses cannot be streamed.

Streaming cannot be a condition in a template, so the built template is copied with changes:

- chat and updates get handlers of their own instead of the adapter: chat answers whole, updates is a long poll;
- a route for any method becomes one route per method, because the embedded AWS does not know the former;
- variables are added with which functions reach servers on this machine.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete", "head")
ADAPTER_LAYER = "LambdaAdapterLayer"
ADAPTER_VARIABLES = ("AWS_LAMBDA_EXEC_WRAPPER", "AWS_LWA_")
PLACES = {"CodeUri", "ContentUri", "TemplateURL"}
STREAMED = ("ResponseTransferMode", "TimeoutInMillis")
Json = Any  # CloudFormation is JSON, of no fixed shape


def local_template(built: Json, folder: Path, variables: Mapping[str, str]) -> Json:
    """The template, with `variables` added to the functions'; it may be stored anywhere.

    `built` is what `sam build` wrote into `folder`; it is not changed.
    """
    template = copy.deepcopy(built)
    for name, resource in template["Resources"].items():
        for place in PLACES & resource.get("Properties", {}).keys():
            resource["Properties"][place] = str(folder / resource["Properties"][place])
        if resource["Type"] == "AWS::Serverless::Function":
            _make_local(name, resource["Properties"])
    template["Globals"]["Function"]["Environment"]["Variables"].update(variables)
    return template


def _make_local(name: str, function: Json) -> None:
    if function["Handler"] == "run.sh":
        function["Handler"] = f"functions.{name.removesuffix('Function').lower()}.buffered.handler"
    layers = [layer for layer in function.get("Layers", []) if ADAPTER_LAYER not in str(layer)]
    if "Layers" in function:
        function["Layers"] = layers
    own = function.get("Environment", {}).get("Variables", {})
    for variable in [variable for variable in own if variable.startswith(ADAPTER_VARIABLES)]:
        del own[variable]
    function["Events"] = {
        route: event for key, event in function.get("Events", {}).items() for route, event in _routes(key, event)
    }


def _routes(key: str, event: Json) -> list[tuple[str, Json]]:
    """An event as it is, or one event per method."""
    if event["Type"] != "Api":
        return [(key, event)]
    route = {name: value for name, value in event["Properties"].items() if name not in STREAMED}
    methods = METHODS if str(route["Method"]).upper() == "ANY" else (route["Method"],)
    return [
        (f"{key}{str(method).title()}", {"Type": "Api", "Properties": {**route, "Method": method}})
        for method in methods
    ]
