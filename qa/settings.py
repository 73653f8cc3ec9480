"""Settings from ``FUNDSTELLE_*`` environment variables. Reads nothing at import."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

EMBEDDED = "embedded"


class Settings(BaseSettings):
    """Everything that can be configured; each field is ``FUNDSTELLE_<NAME>``."""

    model_config = SettingsConfigDict(env_prefix="FUNDSTELLE_", extra="forbid", frozen=True)

    data_dir: Path = Field(
        default=Path(".fundstelle"),
        description="Folder of the store and its indexes; made if missing.",
    )
    model: str = Field(
        default="bundled",
        description="`bundled`, a sentence-transformers model by folder or hub name, or the "
        "address of a model server: `openai+http://…` or `tei+http://…`.",
    )
    model_key: SecretStr = Field(
        default=SecretStr(""), description="What the model server wants to be told, if anything."
    )
    engine: str = Field(
        default=EMBEDDED,
        description="Where documents are kept: `embedded`, or a Milvus by its address.",
    )
    engine_token: SecretStr = Field(
        default=SecretStr(""), description="What a Milvus asks for: a token, or `user:password`."
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on.")
    public_url: str = Field(
        default="", description="Prefix of links in citations, when served under another address."
    )
    max_upload_bytes: int = Field(
        default=64 * 1024 * 1024, gt=0, description="Largest file or request body accepted."
    )
    max_document_characters: int = Field(
        default=50_000_000, gt=0, description="Longest text of one document."
    )
    workers: int = Field(
        default=0,
        ge=0,
        description="Processes that answer HTTP requests; 0 for two, or one where there is one "
        "core, another system than Linux, or a Milvus.",
    )
    prepare_workers: int = Field(
        default=0,
        ge=0,
        description="Processes that prepare large batches of documents; 0 for one a core, 1 for "
        "none besides this one.",
    )
    access_log: bool = Field(
        default=False,
        description="Log every request. Its address may hold what was asked.",
    )
    seeds: bool = Field(
        default=False, description="Add the shipped documents, unless they were removed before."
    )
