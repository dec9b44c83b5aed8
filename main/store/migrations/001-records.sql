CREATE TABLE runs (
  id          TEXT PRIMARY KEY,
  name        TEXT NOT NULL,
  state       TEXT NOT NULL CHECK (state IN ('running', 'finished', 'stopped', 'interrupted', 'failed')),
  method      TEXT NOT NULL,
  config      TEXT NOT NULL,             -- the run file with every default written out
  output      TEXT NOT NULL,
  data_hash   TEXT NOT NULL,             -- tokens as they were fed
  engine      TEXT NOT NULL,             -- engine version and instruction set
  parent      TEXT REFERENCES runs (id) ON DELETE SET NULL,
  process     INTEGER,                   -- process id while running
  plan        TEXT,                      -- memory plan (JSON)
  result      TEXT,                      -- last event of a finished run (JSON)
  error       TEXT,                      -- code, message, hint (JSON)
  created_at  INTEGER NOT NULL,          -- milliseconds since 1970
  ended_at    INTEGER
) STRICT;
CREATE INDEX runs_by_output ON runs (output);

CREATE TABLE metrics (
  run   TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  key   TEXT NOT NULL,
  step  INTEGER NOT NULL,
  value REAL,
  PRIMARY KEY (run, key, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_events (
  id   INTEGER PRIMARY KEY,
  run  TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  step INTEGER,
  kind TEXT NOT NULL,
  body TEXT NOT NULL                     -- the event (JSON)
) STRICT;
CREATE INDEX run_events_by_run ON run_events (run, id);

CREATE TABLE checkpoints (
  run  TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  step INTEGER NOT NULL,
  path TEXT NOT NULL,
  hash TEXT NOT NULL,
  PRIMARY KEY (run, step)
) STRICT, WITHOUT ROWID;
