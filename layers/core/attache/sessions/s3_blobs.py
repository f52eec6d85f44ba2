"""Long texts in S3, at `sessions/<id>/<tag>/<name>`."""

from __future__ import annotations

import asyncio

from botocore.exceptions import BotoCoreError, ClientError

from attache.aws import Aws
from attache.aws_errors import no_such_object, unavailable
from attache.errors import Unavailable

PAGE = 1_000


class S3Blobs:
    """`Blobs` in one bucket."""

    def __init__(self, aws: Aws, bucket: str) -> None:
        self._aws = aws
        self._bucket = bucket

    async def put(self, session_id: str, tag: str, name: str, text: str) -> None:
        try:
            await self._aws.call(
                "s3",
                "put_object",
                Bucket=self._bucket,
                Key=_prefix(session_id, tag) + name,
                Body=text.encode(),
                ContentType="text/plain; charset=utf-8",
            )
        except (BotoCoreError, ClientError) as error:  # of any kind: the call itself has succeeded
            raise Unavailable("The store of long results does not take one.") from error

    async def get(self, session_id: str, tag: str, name: str) -> str | None:
        try:
            with unavailable("The store of long results"):
                key = _prefix(session_id, tag) + name
                answer = await self._aws.call("s3", "get_object", Bucket=self._bucket, Key=key)
                content: bytes = await asyncio.to_thread(answer["Body"].read)
        except ClientError as error:
            if not no_such_object(error):
                raise
            return None
        return content.decode()

    async def purge(self, session_id: str, tag: str) -> None:
        with unavailable("The store of long results"):
            while keys := await self._keys(_prefix(session_id, tag)):
                objects = {"Objects": [{"Key": key} for key in keys], "Quiet": True}
                await self._aws.call("s3", "delete_objects", Bucket=self._bucket, Delete=objects)

    async def _keys(self, prefix: str) -> list[str]:
        answer = await self._aws.call("s3", "list_objects_v2", Bucket=self._bucket, Prefix=prefix, MaxKeys=PAGE)
        return [item["Key"] for item in answer.get("Contents", [])]


def _prefix(session_id: str, tag: str) -> str:
    return f"sessions/{session_id}/{tag}/"
