"""Originals as objects of a bucket, one prefix an app."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from attache.aws import Aws
from attache.aws_errors import code_of, unavailable
from attache.documents.kinds import key_of, place_of
from attache.documents.originals import Original

# HEAD has no body, so it says the status only. Who may not list is told 403 of what is not there: the role may list
_GONE = ("404", "NoSuchKey")
_CHANGED = (*_GONE, "PreconditionFailed", "412")


class S3Originals:
    """The Originals of a bucket."""

    def __init__(self, aws: Aws, bucket: str) -> None:
        self._aws = aws
        self._bucket = bucket

    async def look(self, app: str, path: str) -> Original | None:
        """See `Originals`."""
        try:
            answer = await self._call("head_object", Key=key_of(app, path))
        except ClientError as error:
            if code_of(error) in _GONE:
                return None
            raise
        return _original(path, answer, answer["ContentLength"])

    async def read(self, app: str, original: Original) -> bytes | None:
        """See `Originals`."""
        try:
            answer = await self._call("get_object", Key=key_of(app, original.path), IfMatch=f'"{original.etag}"')
        except ClientError as error:
            if code_of(error) in _CHANGED:
                return None
            raise
        with unavailable("The documents bucket"):
            content: bytes = await asyncio.to_thread(answer["Body"].read)
        return content

    async def all(self, app: str) -> Sequence[Original]:
        """See `Originals`."""
        found: list[Original] = []
        more: dict[str, Any] = {}
        while True:
            page = await self._call("list_objects_v2", Prefix=key_of(app, ""), **more)
            for each in page.get("Contents", ()):
                place = place_of(each["Key"])
                if place is not None:
                    found.append(_original(place[1], each, each["Size"]))
            if not page.get("IsTruncated"):
                return found
            more = {"ContinuationToken": page["NextContinuationToken"]}

    async def put(self, app: str, path: str, content: bytes) -> None:
        """See `Originals`."""
        await self._call("put_object", Key=key_of(app, path), Body=content)

    async def delete(self, app: str, path: str) -> None:
        """See `Originals`."""
        await self._call("delete_object", Key=key_of(app, path))

    async def touch(self, app: str, path: str) -> None:
        """A copy onto itself, which S3 takes only where its metadata is said anew."""
        key = key_of(app, path)
        source = {"Bucket": self._bucket, "Key": key}
        await self._call("copy_object", Key=key, CopySource=source, MetadataDirective="REPLACE")

    async def _call(self, operation: str, **parameters: Any) -> Mapping[str, Any]:
        with unavailable("The documents bucket"):
            return await self._aws.call("s3", operation, Bucket=self._bucket, **parameters)


def _original(path: str, answer: Mapping[str, Any], size: int) -> Original:
    return Original(path, size, answer["ETag"].strip('"'), int(answer["LastModified"].timestamp()))
