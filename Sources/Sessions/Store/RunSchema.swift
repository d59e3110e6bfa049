import GRDB

/// The tables of the run store, as they came about.
enum RunSchema {
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { try $0.execute(sql: first) }
    RunStore.registerEvents(&migrator)
    migrator.registerMigration("trials by place") { try $0.execute(sql: byPlace) }
    return migrator
  }

  private static let first = """
    CREATE TABLE runs (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      identity BLOB NOT NULL,
      seed INTEGER NOT NULL,
      script TEXT NOT NULL,
      text TEXT NOT NULL,
      imports TEXT NOT NULL,
      parameters TEXT NOT NULL,
      version TEXT NOT NULL,
      data TEXT NOT NULL DEFAULT '{}',
      status TEXT NOT NULL,
      message TEXT,
      planned INTEGER NOT NULL DEFAULT 0,
      started REAL NOT NULL,
      updated REAL NOT NULL,
      UNIQUE (identity, seed));
    CREATE TABLE trials (
      key BLOB PRIMARY KEY,
      run INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
      sweep INTEGER NOT NULL,
      ordinal INTEGER NOT NULL,
      axes TEXT NOT NULL,
      result TEXT,
      error_kind TEXT,
      error TEXT,
      seconds REAL NOT NULL,
      finished REAL NOT NULL) WITHOUT ROWID;
    CREATE INDEX trials_of_run ON trials (run, sweep, ordinal);
    CREATE TABLE artefacts (
      run INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
      name TEXT NOT NULL,
      hash TEXT NOT NULL,
      bytes INTEGER NOT NULL,
      PRIMARY KEY (run, name)) WITHOUT ROWID;
    """

  /// A trial is one of each run that has it, whichever run computed it: runs share keys, so the key names no row.
  private static let byPlace = """
    ALTER TABLE runs ADD COLUMN place TEXT;
    ALTER TABLE runs ADD COLUMN owner TEXT;
    ALTER TABLE runs ADD COLUMN output TEXT;
    CREATE INDEX runs_of_place ON runs (place, updated);
    ALTER TABLE trials RENAME TO earlier_trials;
    DROP INDEX trials_of_run;
    CREATE TABLE trials (
      run INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
      sweep INTEGER NOT NULL,
      ordinal INTEGER NOT NULL,
      key BLOB NOT NULL,
      axes TEXT NOT NULL,
      data TEXT NOT NULL DEFAULT '{}',
      result TEXT,
      error_kind TEXT,
      error TEXT,
      seconds REAL NOT NULL,
      finished REAL NOT NULL,
      PRIMARY KEY (run, sweep, ordinal)) WITHOUT ROWID;
    INSERT OR REPLACE INTO trials
        (run, sweep, ordinal, key, axes, result, error_kind, error, seconds, finished)
      SELECT run, sweep, ordinal, key, axes, result, error_kind, error, seconds, finished
      FROM earlier_trials ORDER BY finished;
    DROP TABLE earlier_trials;
    CREATE INDEX trials_of_key ON trials (key);
    """
}
