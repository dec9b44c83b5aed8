CREATE TABLE projects (
  id         TEXT PRIMARY KEY,
  name       TEXT NOT NULL,
  created_at INTEGER NOT NULL,           -- milliseconds since 1970
  changed_at INTEGER NOT NULL
) STRICT;

-- Runs of the terminal belong to a project too.
INSERT INTO projects (id, name, created_at, changed_at)
  SELECT 'terminal', 'Terminal', min(created_at), max(COALESCE(ended_at, created_at)) FROM runs HAVING count(*) > 0;

CREATE TABLE new_runs (
  id          TEXT PRIMARY KEY,
  project     TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  name        TEXT NOT NULL,
  state       TEXT NOT NULL
    CHECK (state IN ('queued', 'running', 'paused', 'finished', 'stopped', 'interrupted', 'failed')),
  place       INTEGER,                   -- in the queue, lowest first; NULL for what does not wait
  method      TEXT NOT NULL,
  config      TEXT NOT NULL,             -- the run file with every default written out
  output      TEXT NOT NULL,
  data_hash   TEXT NOT NULL,             -- tokens as they were fed; '' until the run has begun
  engine      TEXT NOT NULL,             -- engine version and instruction set
  parent      TEXT REFERENCES runs (id) ON DELETE SET NULL,
  parent_step INTEGER,                   -- checkpoint that it was forked from; NULL where it began with the parent's model
  reproduces  TEXT REFERENCES runs (id) ON DELETE SET NULL,
  process     INTEGER,                   -- process id while running
  plan        TEXT,                      -- memory plan (JSON)
  memory      TEXT,                      -- step, peak and categories as last told (JSON)
  result      TEXT,                      -- last event of a finished run (JSON)
  error       TEXT,                      -- code, message, hint (JSON)
  pinned      INTEGER NOT NULL DEFAULT 0,
  tags        TEXT NOT NULL DEFAULT '[]',
  note        TEXT NOT NULL DEFAULT '',
  created_at  INTEGER NOT NULL,
  ended_at    INTEGER
) STRICT;

-- What was called stopped had written a checkpoint and could go on: paused, as it is called now.
INSERT INTO new_runs
  (id, project, name, state, method, config, output, data_hash, engine, parent, process, plan, result, error, created_at,
   ended_at)
  SELECT id, 'terminal', name, CASE state WHEN 'stopped' THEN 'paused' ELSE state END, method, config, output, data_hash,
         engine, parent, process, plan, result, error, created_at, ended_at
    FROM runs;
DROP TABLE runs;
ALTER TABLE new_runs RENAME TO runs;
CREATE INDEX runs_by_output ON runs (output);
CREATE INDEX runs_by_project ON runs (project);

ALTER TABLE run_events ADD COLUMN at INTEGER; -- when it was told; NULL where nobody wrote it down

CREATE TABLE queue (
  only          INTEGER PRIMARY KEY CHECK (only = 1),
  held          INTEGER NOT NULL,
  window_from   INTEGER,                 -- minutes since local midnight
  window_to     INTEGER,
  pause_outside INTEGER NOT NULL
) STRICT;
INSERT INTO queue (only, held, pause_outside) VALUES (1, 0, 0);

-- A series has a number: a row of metrics is then a third as long as with the run and the key in it.
CREATE TABLE series (
  id  INTEGER PRIMARY KEY,
  run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  UNIQUE (run, key)
) STRICT;
INSERT INTO series (run, key) SELECT DISTINCT run, key FROM metrics ORDER BY run, key;

CREATE TABLE new_metrics (
  series INTEGER NOT NULL REFERENCES series (id) ON DELETE CASCADE,
  step   INTEGER NOT NULL,
  value  REAL,
  PRIMARY KEY (series, step)
) STRICT, WITHOUT ROWID;
INSERT INTO new_metrics (series, step, value)
  SELECT series.id, metrics.step, metrics.value
    FROM metrics JOIN series ON series.run = metrics.run AND series.key = metrics.key
   ORDER BY 1, 2;
DROP TABLE metrics;
ALTER TABLE new_metrics RENAME TO metrics;

-- Pyramids: a bucket of level n holds 8^n steps. Charts of any length read a level that is as fine as their pixels.
CREATE TABLE metric_levels (
  series  INTEGER NOT NULL REFERENCES series (id) ON DELETE CASCADE,
  level   INTEGER NOT NULL,
  bucket  INTEGER NOT NULL,              -- step / 8^level
  first   INTEGER NOT NULL,              -- the first step in it
  count   INTEGER NOT NULL,
  minimum REAL,                          -- NULL where nothing in it is a number
  maximum REAL,
  PRIMARY KEY (series, level, bucket)
) STRICT, WITHOUT ROWID;
INSERT INTO metric_levels
  SELECT series, 1, step / 8, min(step), count(*), min(value), max(value) FROM metrics GROUP BY series, step / 8;
INSERT INTO metric_levels
  SELECT series, 2, bucket / 8, min(first), sum(count), min(minimum), max(maximum)
    FROM metric_levels WHERE level = 1 GROUP BY series, bucket / 8;
INSERT INTO metric_levels
  SELECT series, 3, bucket / 8, min(first), sum(count), min(minimum), max(maximum)
    FROM metric_levels WHERE level = 2 GROUP BY series, bucket / 8;
INSERT INTO metric_levels
  SELECT series, 4, bucket / 8, min(first), sum(count), min(minimum), max(maximum)
    FROM metric_levels WHERE level = 3 GROUP BY series, bucket / 8;
INSERT INTO metric_levels
  SELECT series, 5, bucket / 8, min(first), sum(count), min(minimum), max(maximum)
    FROM metric_levels WHERE level = 4 GROUP BY series, bucket / 8;
