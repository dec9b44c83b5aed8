CREATE TABLE models (
  id        TEXT PRIMARY KEY,            -- of what a run left: the run's id
  name      TEXT NOT NULL,
  origin    TEXT NOT NULL CHECK (origin IN ('folder', 'run', 'baked')),
  path      TEXT NOT NULL UNIQUE,
  run       TEXT REFERENCES runs (id) ON DELETE SET NULL,
  stamp     TEXT NOT NULL,               -- names, sizes and times of its files when the facts were read
  facts     TEXT NOT NULL,               -- what its files say (JSON)
  hash      TEXT,                        -- of config and weights; NULL until somebody asks for it
  added_at  INTEGER NOT NULL             -- milliseconds since 1970
) STRICT;

CREATE TABLE adapters (
  id         TEXT PRIMARY KEY,           -- of what a run left: the run's id
  name       TEXT NOT NULL,
  origin     TEXT NOT NULL CHECK (origin IN ('run', 'imported')),
  path       TEXT NOT NULL UNIQUE,
  run        TEXT REFERENCES runs (id) ON DELETE SET NULL,
  stamp      TEXT NOT NULL,
  facts      TEXT NOT NULL,
  lineage    TEXT NOT NULL,              -- method, data, evaluation and parents as they were (JSON)
  base_path  TEXT,                       -- where the model lay that it was made for
  base_name  TEXT NOT NULL,
  base_hash  TEXT,
  added_at   INTEGER NOT NULL
) STRICT;

CREATE TABLE merges (
  model      TEXT PRIMARY KEY REFERENCES models (id) ON DELETE CASCADE,
  recipe     TEXT NOT NULL,              -- what was folded into what (JSON)
  receipt    TEXT NOT NULL,              -- how far the result is from its recipe (JSON)
  made_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE settings (
  key    TEXT PRIMARY KEY,
  value  TEXT NOT NULL                   -- JSON
) STRICT, WITHOUT ROWID;
