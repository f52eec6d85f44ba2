"""What was built: the functions and layers of the built template, as SAM transforms it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from tests.built.intrinsics import Scope

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / ".aws-sam" / "here" / "build"
Json = Any  # CloudFormation is JSON, of no fixed shape


@dataclass(frozen=True)
class BuiltFunction:
    """A function of the template. `layers` are the folders of ours, in order; `adapted`: AWS's adapter comes on top."""

    name: str
    handler: str
    timeout: int
    memory: int
    task: Path
    layers: tuple[Path, ...]
    adapted: bool
    variables: Mapping[str, Json]


class _NoManagedPolicies:
    def load(self) -> dict[str, str]:
        return {}


class BuiltTemplate:
    """The template that `sam build` wrote into `folder`."""

    def __init__(self, folder: Path = BUILT) -> None:
        self._folder = folder

    @cached_property
    def source(self) -> Json:
        return yaml_parse((self._folder / "template.yaml").read_text(encoding="utf-8"))

    @cached_property
    def resources(self) -> Json:
        packaged = yaml_parse((self._folder / "template.yaml").read_text(encoding="utf-8"))
        for resource in packaged["Resources"].values():
            for place in ("CodeUri", "ContentUri"):
                if place in resource.get("Properties", {}):
                    resource["Properties"][place] = f"s3://built/{resource['Properties'][place]}"
        return transform(packaged, {}, _NoManagedPolicies())["Resources"]

    def functions(self) -> dict[str, BuiltFunction]:
        return {
            name: self._function(name, resource["Properties"])
            for name, resource in self.resources.items()
            if resource["Type"] == "AWS::Lambda::Function"
        }

    def variables(self, function: BuiltFunction, scope: Scope) -> dict[str, str]:
        """The function's environment as the template says it, where parameters and outputs are as `scope` says."""
        return {name: str(scope.resolve(value)) for name, value in function.variables.items()}

    def scope(self, outputs: Mapping[str, str], parameters: Mapping[str, str]) -> Scope:
        """`outputs`: of all nested stacks; `parameters`: those that differ from their defaults."""
        defaults = {name: str(each.get("Default", "")) for name, each in self.source.get("Parameters", {}).items()}
        return Scope({**defaults, **parameters}, outputs, self.source.get("Conditions", {}))

    def _function(self, name: str, properties: Json) -> BuiltFunction:
        plain = self.scope({}, {})
        own = [layer["Ref"] for layer in properties["Layers"] if isinstance(layer, dict) and "Ref" in layer]
        return BuiltFunction(
            name,
            properties["Handler"],
            int(plain.resolve(properties["Timeout"])),
            int(plain.resolve(properties["MemorySize"])),
            self._folder / properties["Code"]["S3Key"],
            tuple(self._folder / self.resources[layer]["Properties"]["Content"]["S3Key"] for layer in own),
            len(own) < len(properties["Layers"]),
            properties["Environment"]["Variables"],
        )
