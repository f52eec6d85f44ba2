"""Public list prices of us-east-1 in US dollars, as the price pages had them in 2025; no free tier, no discount."""

from __future__ import annotations

from dataclasses import dataclass

GB = 1e9


@dataclass(frozen=True)
class Price:
    """Dollars for one; `source` is the page of aws.amazon.com that says so."""

    dollars: float
    what: str
    source: str


COMPUTE = Price(0.0000133334, "GB-second of a function, arm64", "lambda/pricing")
INVOCATION = Price(0.20 / 1e6, "invocation of a function", "lambda/pricing")
GATEWAY = Price(3.50 / 1e6, "REST API request, up to 10 MB streamed", "api-gateway/pricing")
OUT = Price(0.09 / GB, "byte out to the internet", "ec2/pricing/on-demand")
WRITE = Price(0.625 / 1e6, "write request unit", "dynamodb/pricing/on-demand")
READ = Price(0.125 / 1e6, "read request unit", "dynamodb/pricing/on-demand")
KEEPING = Price(0.25 / GB, "byte-month of a table", "dynamodb/pricing/on-demand")
RECOVERY = Price(0.20 / GB, "byte-month of point-in-time recovery", "dynamodb/pricing/on-demand")
QUEUE = Price(0.40 / 1e6, "request to a standard queue", "sqs/pricing")
LOGS = Price(0.50 / GB, "byte of logs taken in", "cloudwatch/pricing")
LOGS_KEPT = Price(0.03 / GB, "byte-month of logs", "cloudwatch/pricing")
BUCKET = Price(0.40 / 1e6, "GET from a bucket", "s3/pricing")
DECRYPT = Price(0.03 / 1e4, "request to a key", "kms/pricing")
METRIC = Price(0.30, "metric of our own, a month", "cloudwatch/pricing")
INSTANCE = Price(
    0.0816, "hour of an m7g.large, which managed instances of Lambda may stand on", "ec2/pricing/on-demand"
)
SEARCH_UNIT = Price(0.24, "hour of a capacity unit (OCU) of OpenSearch Serverless", "opensearch-service/pricing")
SEARCH_KEPT = Price(0.024 / GB, "byte-month of OpenSearch Serverless", "opensearch-service/pricing")
MANAGEMENT = 0.15  # of the instance's price more (lambda/pricing, "Lambda Managed Instances")

ALL = (
    COMPUTE, INVOCATION, GATEWAY, OUT, WRITE, READ, KEEPING, RECOVERY, QUEUE, LOGS, LOGS_KEPT, BUCKET, DECRYPT,
)  # fmt: skip
