"""AWS's limits for a new account in us-east-1, as its pages had them in 2025, and what it takes to raise them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from attache.apps import released_apps
from attache.keys import keys
from attache.models import provider_keys
from attache.usage.dynamo_usage import SHARDS
from tests.bench.demand import Client, Demand, Measured, demand
from tests.bench.scenarios import SECONDS

MANY = 1_000_000  # conversations; what is not asked of such a load is no limit here
CONTAINER_KEPT = min(keys.FRESH_SECONDS, released_apps.POINTER_SECONDS)  # s until a container asks for them again
PROVIDER_KEPT = provider_keys.FRESH_SECONDS  # the same of a provider's key


@dataclass(frozen=True)
class Limit:
    """`most` of `what`; `asked` says how much of it a load takes. `source` is the title of AWS's page."""

    what: str
    most: float
    asked: Callable[[Demand], float]
    source: str
    raise_it: str
    price: str = "none"

    def reached(self, client: Client, measured: Measured) -> float | None:
        """The number of conversations at which it is reached; all demand grows in proportion."""
        share = self.asked(demand(client, MANY, measured)) / self.most
        return MANY / share if share else None


LIMITS = (
    Limit(
        "functions that run at once, an account and region",
        1_000,
        lambda load: load.running,
        "Lambda quotas",
        "Service Quotas; tens of thousands are granted. Or managed instances, below",
    ),
    Limit(
        "functions that one queue runs at once",
        1_000,
        lambda load: load.workers,
        "Configuring scaling behavior for SQS event source mappings",
        "provisioned mode of the mapping, up to 20,000",
        "by the hour for each event poller",
    ),
    Limit(
        "API requests a second that template.yaml lets through (ThrottleRate)",
        1_000,
        lambda load: load.requests,
        "template.yaml",
        "the parameter, up to the account's",
    ),
    Limit(
        "API requests a second, an account and region",
        10_000,
        lambda load: load.requests,
        "Amazon API Gateway quotas",
        "Service Quotas",
    ),
    Limit(
        "write units a second, a new on-demand table",
        4_000,
        lambda load: load.writes,
        "Pre-warming a table for on-demand capacity mode",
        "it grows by itself to twice its last peak in 30 minutes; warm throughput before a launch",
        "once, for each unit of warm throughput",
    ),
    Limit(
        "read units a second, a new on-demand table",
        12_000,
        lambda load: load.reads,
        "Pre-warming a table for on-demand capacity mode",
        "the same",
        "the same",
    ),
    Limit(
        "write units a second, an account's quota for one table",
        40_000,
        lambda load: load.writes,
        "Quotas in Amazon DynamoDB",
        "Service Quotas",
    ),
    Limit(
        "read units a second, an account's quota for one table",
        40_000,
        lambda load: load.reads,
        "Quotas in Amazon DynamoDB",
        "Service Quotas",
    ),
    Limit(
        "usage rows a second of one app, over its ten partitions",
        1_000 * SHARDS,
        lambda load: load.turns,
        "Best practices for designing and using partition keys effectively in DynamoDB",
        "more shards (`dynamo_usage.py`)",
    ),
    Limit(
        "reads a second of one key or app, each one partition",
        3_000,
        lambda load: load.running / CONTAINER_KEPT,
        "Best practices for designing and using partition keys effectively in DynamoDB",
        "a longer cache; each container reads them once a minute",
    ),
    Limit(
        "parameters read a second: provider keys",
        40,
        lambda load: load.turns * SECONDS / PROVIDER_KEPT,
        "AWS Systems Manager endpoints and quotas",
        "Parameter Store's higher throughput, 10,000 a second",
        "0.05 dollars for 10,000 reads",
    ),
    Limit(
        "messages of a queue in flight",
        120_000,
        lambda load: load.workers,
        "Amazon SQS message quotas",
        "a queue for each group of apps",
    ),
    Limit(
        "requests to keys a second",
        10_000,
        lambda load: load.sealed,
        "Request quotas - AWS Key Management Service",
        "Service Quotas; 100,000 already in some regions, us-east-1 among them",
    ),
)


def first(client: Client, measured: Measured) -> Limit:
    """The limit that such a load reaches first."""
    return min(LIMITS, key=lambda limit: limit.reached(client, measured) or float("inf"))
