-- A model may have been downloaded.
CREATE TABLE models_anew (
  id        TEXT PRIMARY KEY,            -- of what a run left: the run's id
  name      TEXT NOT NULL,
  origin    TEXT NOT NULL CHECK (origin IN ('folder', 'run', 'baked', 'hub')),
  path      TEXT NOT NULL UNIQUE,
  run       TEXT REFERENCES runs (id) ON DELETE SET NULL,
  stamp     TEXT NOT NULL,               -- names, sizes and times of its files when the facts were read
  facts     TEXT NOT NULL,               -- what its files say (JSON)
  hash      TEXT,                        -- of config and weights; NULL until somebody asks for it
  added_at  INTEGER NOT NULL             -- milliseconds since 1970
) STRICT;
INSERT INTO models_anew SELECT id, name, origin, path, run, stamp, facts, hash, added_at FROM models;
DROP TABLE models;
ALTER TABLE models_anew RENAME TO models;
