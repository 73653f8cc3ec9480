"""Where a Milvus is, as the setting ``FUNDSTELLE_ENGINE`` says it. Opens no connection."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from qa.errors import InvalidInput

SERVER, SECURE, LITE = "milvus", "milvus+tls", "milvus-lite"
PORT = 19530
PREFIX = "fundstelle_"

FORMS = (
    "milvus://host:19530, milvus+tls://host:19530/database?prefix=name_, "
    "milvus-lite:///path/to/file.db or milvus-lite (a file in the data folder)"
)
FILE = "milvus.db"
_PREFIX = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_DATABASE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}")


@dataclass(frozen=True, slots=True)
class Address:
    """A Milvus, or a file of Milvus Lite, and which of its collections are ours.

    Attributes:
        uri: as its client takes it.
        database: empty for the default one.
        prefix: what the names of our collections begin with.
        lite: whether it is a file, which one process at a time can use.
    """

    uri: str
    database: str
    prefix: str
    lite: bool


def is_address(engine: str) -> bool:
    """Whether the setting names a Milvus at all."""
    return engine.partition(":")[0] in (SERVER, SECURE, LITE)


def parse(engine: str, folder: Path) -> Address:
    """Read the setting; raises InvalidInput with the forms that it can have.

    Args:
        engine: the setting.
        folder: of the data, where the file of Milvus Lite is when it names none.
    """
    if engine == LITE:
        return Address(str((folder / FILE).absolute()), "", PREFIX, lite=True)
    try:
        parts = urlsplit(engine)
        port = parts.port or PORT
    except ValueError as error:
        raise _refused(str(error)) from error
    if parts.username is not None or parts.password is not None:
        raise _refused("it holds a password; give that in FUNDSTELLE_ENGINE_TOKEN")
    prefix = _prefix(parts)
    if parts.scheme == LITE:
        return Address(_file(parts), "", prefix, lite=True)
    if parts.scheme not in (SERVER, SECURE) or not parts.hostname:
        raise _refused("it names no host")
    database = parts.path.strip("/")
    if database and _DATABASE.fullmatch(database) is None:
        raise _refused(f"{database!r} cannot be a database")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    scheme = "https" if parts.scheme == SECURE else "http"
    return Address(f"{scheme}://{host}:{port}", database, prefix, lite=False)


def _prefix(parts: SplitResult) -> str:
    given = dict(parse_qsl(parts.query, keep_blank_values=True))
    prefix = given.pop("prefix", PREFIX)
    if given or parts.fragment:
        raise _refused("after '?' it can have prefix=… only")
    if _PREFIX.fullmatch(prefix) is None:
        raise _refused(f"the prefix {prefix!r} is not made of letters, digits and '_'")
    return prefix


def _file(parts: SplitResult) -> str:
    path = unquote(parts.netloc + parts.path)
    if not path.endswith(".db"):
        raise _refused("a file of Milvus Lite is named *.db")
    return str(Path(path).absolute())


def _refused(reason: str) -> InvalidInput:
    return InvalidInput(f"FUNDSTELLE_ENGINE cannot be used: {reason}. It can be embedded, {FORMS}.")
