-- When a version stopped being what its document says, and which versions are dropped since.

-- UTC in ISO 8601; NULL while it is the current version of its document.
ALTER TABLE versions ADD COLUMN ended TEXT;

-- Of what ended before this was recorded, the latest time that is possible is taken: the last
-- change of the document or, where it was removed, now. Nothing is dropped too early by that.
UPDATE versions SET ended = coalesce(
    (SELECT d.updated FROM documents d WHERE d.id = versions.document_id),
    strftime('%Y-%m-%dT%H:%M:%f', 'now') || '+00:00'
)
WHERE NOT EXISTS (
    SELECT 1 FROM documents d WHERE d.id = versions.document_id AND d.sha256 = versions.sha256
);

CREATE INDEX documents_sha256 ON documents (sha256);

-- What is left of a version whose text was dropped: enough to say so to who cites it.
CREATE TABLE dropped_versions (
    sha256_prefix TEXT NOT NULL,       -- 20 hex digits, as many as citations name
    document_id TEXT NOT NULL,
    dropped TEXT NOT NULL,             -- UTC in ISO 8601
    PRIMARY KEY (sha256_prefix, document_id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER version_ended_by_removal AFTER DELETE ON documents
BEGIN
    UPDATE versions SET ended = strftime('%Y-%m-%dT%H:%M:%f', 'now') || '+00:00'
    WHERE document_id = OLD.id AND sha256 = OLD.sha256;
END;

CREATE TRIGGER version_ended_by_another AFTER UPDATE OF sha256 ON documents
WHEN OLD.sha256 <> NEW.sha256
BEGIN
    UPDATE versions SET ended = strftime('%Y-%m-%dT%H:%M:%f', 'now') || '+00:00'
    WHERE document_id = OLD.id AND sha256 = OLD.sha256;
    UPDATE versions SET ended = NULL WHERE document_id = NEW.id AND sha256 = NEW.sha256;
END;

CREATE TRIGGER version_current_again AFTER INSERT ON documents
BEGIN
    UPDATE versions SET ended = NULL WHERE document_id = NEW.id AND sha256 = NEW.sha256;
END;

CREATE TRIGGER version_put_again AFTER INSERT ON versions
BEGIN
    DELETE FROM dropped_versions
    WHERE sha256_prefix = substr(NEW.sha256, 1, 20) AND document_id = NEW.document_id;
END;
