CREATE TABLE datasets (
  id        TEXT PRIMARY KEY,
  name      TEXT NOT NULL,
  path      TEXT NOT NULL UNIQUE,        -- of the file, or of the folder that holds the files
  stamp     TEXT NOT NULL,               -- names, sizes and times of the files when the newest version was taken in
  mapping   TEXT NOT NULL,               -- column → role (JSON)
  template  TEXT NOT NULL,               -- "auto", "none", or the text of a template
  train_on  TEXT NOT NULL CHECK (train_on IN ('completions', 'all')),
  unusable  TEXT NOT NULL,               -- rows that were read and are nothing under the mapping: count and the first ones (JSON)
  added_at  INTEGER NOT NULL             -- milliseconds since 1970
) STRICT;

CREATE TABLE dataset_versions (
  dataset      TEXT NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
  version      INTEGER NOT NULL,
  hash         TEXT NOT NULL,            -- of the files' bytes
  format       TEXT NOT NULL,
  rows         INTEGER NOT NULL,
  bytes        INTEGER NOT NULL,
  columns      TEXT NOT NULL,            -- what each column holds (JSON)
  guess        TEXT NOT NULL,            -- column → role, as a first look takes it (JSON)
  unreadable   TEXT NOT NULL,            -- rows that could not be read: count and the first ones (JSON)
  imported_at  INTEGER NOT NULL,
  PRIMARY KEY (dataset, version)
) STRICT, WITHOUT ROWID;
