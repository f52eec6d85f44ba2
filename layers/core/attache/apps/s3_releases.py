"""Releases in AWS: bundles in S3 under `apps/<name>/<version>.json`, pointers in the registry table."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from attache.apps.app import App
from attache.apps.release import Release
from attache.aws import Aws, Item
from attache.aws_errors import condition_failed, no_such_object, unavailable
from attache.clock import Clock, rfc3339
from attache.errors import Conflict

LISTED = "APP"
LISTING = "listing"
_STORE = "The store of apps"


class S3Releases:
    """`Releases` in a bucket and a registry table."""

    def __init__(self, aws: Aws, bucket: str, table: str, clock: Clock) -> None:
        self._aws = aws
        self._bucket = bucket
        self._table = table
        self._clock = clock

    async def current(self, name: str) -> Release | None:
        with unavailable(_STORE):
            answer = await self._aws.call(
                "dynamodb", "get_item", TableName=self._table, Key=_key(name), ConsistentRead=True
            )
        return _release(answer["Item"]) if "Item" in answer else None

    async def bundle(self, name: str, version: str) -> App | None:
        try:
            with unavailable(_STORE):
                answer = await self._aws.call("s3", "get_object", Bucket=self._bucket, Key=_path(name, version))
                content = await asyncio.to_thread(answer["Body"].read)
        except ClientError as error:
            if no_such_object(error):
                return None
            raise
        return App.model_validate_json(content)

    async def all(self) -> list[Release]:
        releases: list[Release] = []
        start: dict[str, Any] = {}
        while True:
            with unavailable(_STORE):
                page = await self._aws.call("dynamodb", "query", **_listing(self._table), **start)
            releases += [_release(item) for item in page["Items"]]
            if "LastEvaluatedKey" not in page:
                return releases
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    async def publish(self, app: App, previous: Release | None) -> Release:
        await self._put(_path(app.name, app.version), app.model_dump_json().encode())
        release = Release(app.name, app.title, app.version, rfc3339(self._clock.now()))
        await self._point(release, previous)
        return release

    async def withdraw(self, name: str) -> bool:
        with unavailable(_STORE):
            answer = await self._aws.call(
                "dynamodb", "delete_item", TableName=self._table, Key=_key(name), ReturnValues="ALL_OLD"
            )
        await self._delete_bundles(name)
        return "Attributes" in answer

    async def _put(self, path: str, content: bytes) -> None:
        with unavailable(_STORE):
            await self._aws.call(
                "s3", "put_object", Bucket=self._bucket, Key=path, Body=content, ContentType="application/json"
            )

    async def _point(self, release: Release, previous: Release | None) -> None:
        """Write the pointer, unless somebody else deployed the same app meanwhile."""
        condition: Mapping[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        if previous:
            condition = {
                "ConditionExpression": "#version = :previous AND #deployed = :at",
                "ExpressionAttributeNames": {"#version": "version", "#deployed": "deployed"},
                "ExpressionAttributeValues": {":previous": {"S": previous.version}, ":at": {"S": previous.deployed}},
            }
        try:
            with unavailable(_STORE):
                await self._aws.call("dynamodb", "put_item", TableName=self._table, Item=_item(release), **condition)
        except ClientError as error:
            if condition_failed(error):
                message = f"{release.name} was deployed or deleted meanwhile by someone else; look, and deploy again."
                raise Conflict(message) from None
            raise

    async def _delete_bundles(self, name: str) -> None:
        while True:
            with unavailable(_STORE):
                page = await self._aws.call("s3", "list_objects_v2", Bucket=self._bucket, Prefix=f"apps/{name}/")
                if not page.get("Contents"):
                    return
                objects = [{"Key": each["Key"]} for each in page["Contents"]]
                await self._aws.call("s3", "delete_objects", Bucket=self._bucket, Delete={"Objects": objects})


def _path(name: str, version: str) -> str:
    return f"apps/{name}/{version}.json"


def _key(name: str) -> Item:
    return {"pk": {"S": f"APP#{name}"}, "sk": {"S": "APP"}}


def _item(release: Release) -> Item:
    attributes = {
        "listed": LISTED,
        "name": release.name,
        "title": release.title,
        "version": release.version,
        "deployed": release.deployed,
    }
    return _key(release.name) | {name: {"S": value} for name, value in attributes.items()}


def _release(item: Item) -> Release:
    return Release(item["name"]["S"], item["title"]["S"], item["version"]["S"], item["deployed"]["S"])


def _listing(table: str) -> dict[str, Any]:
    return {
        "TableName": table,
        "IndexName": LISTING,
        "KeyConditionExpression": "#listed = :app",
        "ExpressionAttributeNames": {"#listed": "listed"},
        "ExpressionAttributeValues": {":app": {"S": LISTED}},
    }
