-- What candidates are scored by is one value for each passage, in a table of its own: a search reads
-- some hundred of them and the words of a few. Passages are made again from their documents, which
-- stay as they are, and a new identity makes the indexes be built again.

CREATE TABLE representations (
    passage_id INTEGER PRIMARY KEY REFERENCES passages (id) ON DELETE CASCADE,
    data BLOB NOT NULL                 -- see qa/representation.py
) STRICT;

DELETE FROM passages;
DELETE FROM removed_passages;
ALTER TABLE passages DROP COLUMN vector;
ALTER TABLE passages DROP COLUMN tokens;
ALTER TABLE passages DROP COLUMN context_tokens;
UPDATE documents SET pipeline = '', passages = 0;
UPDATE state SET store = lower(hex(randomblob(16))), sequence = sequence + (sequence > 0);
