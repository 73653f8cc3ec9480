"""Haystack's in-memory hybrid pipeline behind FastAPI, as its documentation puts it together.

``PEER_MODEL=FOLDER uvicorn tests.benchmarks.haystack_app:app``. BM25 and vectors, joined by
reciprocal rank fusion. Needs the extra ``bench``.
"""

from __future__ import annotations

import os

from fastapi import FastAPI
from haystack import Document, Pipeline
from haystack.components.joiners import DocumentJoiner
from haystack.components.retrievers.in_memory import (
    InMemoryBM25Retriever,
    InMemoryEmbeddingRetriever,
)
from haystack.components.writers import DocumentWriter
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack_integrations.components.embedders.sentence_transformers import (
    SentenceTransformersDocumentEmbedder,
    SentenceTransformersTextEmbedder,
)
from pydantic import BaseModel

CANDIDATES = 100
"""Of either retriever: as many as Fundstelle takes."""


class PassageIn(BaseModel):
    id: str
    text: str


def _indexing(store: InMemoryDocumentStore, model: str) -> Pipeline:
    pipeline = Pipeline()
    embedder = SentenceTransformersDocumentEmbedder(model=model, progress_bar=False)
    pipeline.add_component("embedder", embedder)
    pipeline.add_component("writer", DocumentWriter(document_store=store))
    pipeline.connect("embedder.documents", "writer.documents")
    pipeline.warm_up()
    return pipeline


def _asking(store: InMemoryDocumentStore, model: str) -> Pipeline:
    pipeline = Pipeline()
    embedder = SentenceTransformersTextEmbedder(model=model, progress_bar=False)
    pipeline.add_component("embedder", embedder)
    pipeline.add_component("dense", InMemoryEmbeddingRetriever(store, top_k=CANDIDATES))
    pipeline.add_component("lexical", InMemoryBM25Retriever(store, top_k=CANDIDATES))
    pipeline.add_component("joiner", DocumentJoiner(join_mode="reciprocal_rank_fusion"))
    pipeline.connect("embedder.embedding", "dense.query_embedding")
    pipeline.connect("dense.documents", "joiner.documents")
    pipeline.connect("lexical.documents", "joiner.documents")
    pipeline.warm_up()
    return pipeline


store = InMemoryDocumentStore(embedding_similarity_function="cosine")
indexing = _indexing(store, os.environ["PEER_MODEL"])
asking = _asking(store, os.environ["PEER_MODEL"])
app = FastAPI()


@app.get("/ready")
def ready() -> dict[str, int]:
    return {"passages": store.count_documents()}


@app.post("/add")
def add(passages: list[PassageIn]) -> dict[str, int]:
    made = [Document(id=one.id, content=one.text) for one in passages]
    indexing.run({"embedder": {"documents": made}})
    return {"passages": store.count_documents()}


@app.get("/search")
def search(query: str, limit: int = 5) -> list[dict[str, object]]:
    found = asking.run(
        {
            "embedder": {"text": query},
            "lexical": {"query": query},
            "joiner": {"top_k": limit},
        }
    )
    return [
        {"id": one.id, "text": one.content, "score": one.score}
        for one in found["joiner"]["documents"]
    ]
