-- Documents, every text they ever had, and their passages with all that is derived from them.
-- Text is kept as UTF-8 bytes (lone surrogates included) so that nothing can alter it.

-- One row: what this store is, and how far it has come.
CREATE TABLE state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    store TEXT NOT NULL,               -- random, so that an index knows its own store
    sequence INTEGER NOT NULL,         -- grows by one with every change
    dimension INTEGER NOT NULL,        -- length of every vector; 0 before the first engine opens
    documents INTEGER NOT NULL,        -- counts, kept by triggers so that a search need not count
    passages INTEGER NOT NULL
) STRICT;

INSERT INTO state VALUES (1, lower(hex(randomblob(16))), 0, 0, 0, 0);

CREATE TABLE texts (
    sha256 TEXT PRIMARY KEY,
    characters INTEGER NOT NULL,       -- code points
    text BLOB NOT NULL
) STRICT;

CREATE TABLE documents (
    id TEXT PRIMARY KEY,
    sha256 TEXT NOT NULL REFERENCES texts (sha256),
    source BLOB NOT NULL,
    title BLOB,
    language TEXT,
    published TEXT,
    published_first INTEGER,           -- the first and the last day it can mean, as yyyymmdd
    published_last INTEGER,
    metadata TEXT NOT NULL,            -- JSON
    pages TEXT NOT NULL,               -- JSON
    pipeline TEXT NOT NULL,
    passages INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    added TEXT NOT NULL,
    updated TEXT NOT NULL
) STRICT;

CREATE INDEX documents_pipeline ON documents (pipeline);
CREATE INDEX documents_published ON documents (published_first, published_last);

-- Every text a document ever had, as it was described then. Kept after an edit and after a
-- removal: an old citation still resolves.
CREATE TABLE versions (
    document_id TEXT NOT NULL,
    sha256 TEXT NOT NULL REFERENCES texts (sha256),
    source BLOB NOT NULL,
    title BLOB,
    language TEXT,
    published TEXT,
    pages TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (document_id, sha256)
) STRICT, WITHOUT ROWID;

CREATE INDEX versions_sha256 ON versions (sha256);

CREATE TABLE passages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,      -- never reused
    document_id TEXT NOT NULL REFERENCES documents (id),
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL CHECK ("end" > start AND start >= 0),
    language TEXT,
    text BLOB NOT NULL,                -- a copy of the slice: a 20 MB text is not read for a line
    vector BLOB NOT NULL,              -- little-endian float16
    tokens BLOB NOT NULL,              -- little-endian uint32
    context_tokens BLOB NOT NULL,
    context TEXT NOT NULL,             -- JSON: [[start, end], ...]
    sequence INTEGER NOT NULL
) STRICT;

CREATE INDEX passages_document ON passages (document_id);
CREATE INDEX passages_sequence ON passages (sequence);
CREATE INDEX passages_language ON passages (language);

-- What derived indexes still have to forget.
CREATE TABLE removed_passages (
    passage_id INTEGER PRIMARY KEY,
    tokens BLOB NOT NULL,
    added INTEGER NOT NULL,            -- sequence number at which it had been added
    sequence INTEGER NOT NULL
) STRICT;

CREATE INDEX removed_passages_sequence ON removed_passages (sequence);

CREATE TRIGGER document_added AFTER INSERT ON documents
BEGIN
    UPDATE state SET documents = documents + 1;
END;

CREATE TRIGGER document_removed AFTER DELETE ON documents
BEGIN
    UPDATE state SET documents = documents - 1;
END;

CREATE TRIGGER passage_added AFTER INSERT ON passages
BEGIN
    UPDATE state SET passages = passages + 1;
END;

CREATE TRIGGER passage_removed AFTER DELETE ON passages
BEGIN
    UPDATE state SET passages = passages - 1;
END;
