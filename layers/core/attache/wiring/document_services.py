"""Wiring of documents: the bucket, the index of the search backend, the worker that fills it and the search."""

from __future__ import annotations

from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from attache.settings import SettingsWrong
from attache.wiring.model_services import ModelServices

if TYPE_CHECKING:
    from attache.documents.dynamo_records import DynamoRecords
    from attache.documents.index import PassageIndex
    from attache.documents.ingest import Ingest
    from attache.documents.s3_originals import S3Originals
    from attache.documents.search import DocumentSearch
    from attache.models.litellm_embeddings import LitellmEmbeddings
    from attache.usage.metered_embeddings import MeteredEmbeddings


class DocumentServices(ModelServices):
    """Stores, models, and documents; each part is made on first use."""

    @cached_property
    def ingest(self) -> Ingest:
        from attache.documents.ingest import Ingest
        from attache.documents.reading_process import ReadingProcess
        from attache.documents.sweeping import Sweep

        async def later(app: str, path: str, before: str, seconds: float) -> None:
            await self.documents_queue.send(Sweep(app=app, path=path, before=before), delay=seconds)

        reader = ReadingProcess(self.environ.get("LD_LIBRARY_PATH"))
        return Ingest(
            self.originals, self.document_records, self._index, self._embeddings, reader.read, later, self.clock
        )

    @cached_property
    def originals(self) -> S3Originals:
        from attache.documents.s3_originals import S3Originals

        return S3Originals(self.aws, self.settings.documents_bucket)

    @cached_property
    def document_search(self) -> DocumentSearch | None:
        """None where this stage has no search."""
        if self.settings.search_backend == "none":
            return None
        from attache.documents.search import DocumentSearch

        return DocumentSearch(self._index, self.document_records, self._embeddings)

    @cached_property
    def _index(self) -> PassageIndex:
        target, endpoint = self.settings.search_backend, self.settings.search_endpoint
        if target == "none" or not endpoint:
            raise SettingsWrong("ATTACHE_SEARCH_BACKEND and ATTACHE_SEARCH_ENDPOINT name no index.")
        if target == "embedded":
            from attache.documents.embedded_index import EmbeddedIndex

            return EmbeddedIndex(Path(endpoint))
        from attache.documents.opensearch_http import OpenSearchHttp
        from attache.documents.opensearch_index import OpenSearchIndex

        sign = partial(self.aws.signed, "aoss" if target == "serverless" else "es")
        return OpenSearchIndex(OpenSearchHttp(endpoint, sign), target, self.settings.stage)

    @cached_property
    def document_records(self) -> DynamoRecords:
        from attache.documents.dynamo_records import DynamoRecords

        return DynamoRecords(self.aws, self.settings.registry_table)

    @cached_property
    def _embeddings(self) -> MeteredEmbeddings:
        from attache.usage.metered_embeddings import MeteredEmbeddings

        return MeteredEmbeddings(self._embedding_model, self._usage, self.clock.now)

    @cached_property
    def _embedding_model(self) -> LitellmEmbeddings:
        from attache.models.litellm_embeddings import LitellmEmbeddings

        return LitellmEmbeddings(self.catalogue.embeddings, self._providers)

    async def _close_documents(self) -> None:
        if "_embedding_model" in self.__dict__:
            await self._embedding_model.aclose()
        if "_index" in self.__dict__:
            await self._index.close()
