"""CloudFormation's functions, as far as a function's properties use them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Json = Any  # CloudFormation is JSON, of no fixed shape
PSEUDO = {
    "AWS::Region": "us-east-1",
    "AWS::Partition": "aws",
    "AWS::AccountId": "000000000000",
    "AWS::StackName": "attache-built",
    "AWS::URLSuffix": "amazonaws.com",
}
_PLACE = re.compile(r"\$\{([^!}]+)\}")


@dataclass(frozen=True)
class Scope:
    """What a template's expressions stand for. `outputs` are those of all its nested stacks, by name."""

    parameters: Mapping[str, str]
    outputs: Mapping[str, str]
    conditions: Mapping[str, Json]

    def resolve(self, value: Json) -> Json:
        """The value of an expression. Raises KeyError for what is not known here."""
        if not isinstance(value, dict):
            return value
        ((function, argument),) = value.items()
        match function:
            case "Ref":
                return self._named(argument)
            case "Fn::GetAtt":
                return self._named(argument if isinstance(argument, str) else ".".join(argument))
            case "Fn::Sub":
                return self._sub(argument)
            case "Fn::If":
                condition, met, unmet = argument
                return self.resolve(met if self.holds({"Condition": condition}) else unmet)
        raise KeyError(f"{function} is not known here: {value}")

    def holds(self, condition: Json) -> bool:
        ((function, argument),) = condition.items()
        match function:
            case "Condition":
                return self.holds(self.conditions[argument])
            case "Fn::Equals":
                one, other = argument
                return bool(self.resolve(one) == self.resolve(other))
            case "Fn::Not":
                return not self.holds(argument[0])
            case "Fn::And":
                return all(map(self.holds, argument))
            case "Fn::Or":
                return any(map(self.holds, argument))
        raise KeyError(f"{function} is not known here: {condition}")

    def _named(self, name: str) -> str:
        """A parameter, one of AWS's own, or an output of a nested stack, as `Data.Outputs.SessionsTable`."""
        if ".Outputs." in name:
            return self.outputs[name.partition(".Outputs.")[2]]
        return self.parameters[name] if name in self.parameters else PSEUDO[name]

    def _sub(self, argument: Json) -> str:
        text, given = (argument, {}) if isinstance(argument, str) else argument
        return _PLACE.sub(
            lambda place: str(self.resolve(given[place[1]])) if place[1] in given else self._named(place[1]), text
        )
