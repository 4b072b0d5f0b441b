import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/**
 * Opens (or makes) `sqs.sqlite` in the folder. Every message that was in flight becomes visible at once: its consumer ran in the
 * process that has gone, so nobody is left to finish it, and waiting out the visibility timeout would only delay the restart. Receive
 * counts stay, so that a message which kills the process still reaches its dead-letter queue; old receipt handles stop working.
 */
export function openQueueDatabase(folder: string): DatabaseSync {
  mkdirSync(folder, { recursive: true })
  const database = new DatabaseSync(join(folder, 'sqs.sqlite'))
  // A write-ahead log with NORMAL survives kill -9; only a power cut could lose the last commits, which one machine's stack can bear.
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000;')
  database.exec(schema)
  database.exec(`
    UPDATE message SET invisible_until = 0, receipt = NULL WHERE receipt IS NOT NULL;
    UPDATE message_group SET blocked_until = 0 WHERE blocked_until > 0;
  `)
  return database
}

/** Runs the change in one transaction: all of it or none of it. */
export function inTransaction<Result>(database: DatabaseSync, change: () => Result): Result {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = change()
    database.exec('COMMIT')
    return result
  } catch (error) {
    database.exec('ROLLBACK')
    throw error
  }
}

// `invisible_until` is real time, `sent_at`, `delayed_until` and `expires_at` are the (virtual) clock's. A group's row names its first
// message and how long it is blocked, so that a receive touches the messages it returns and not the backlog behind them.
const schema = `
  CREATE TABLE IF NOT EXISTS message (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    message_id TEXT NOT NULL,
    body TEXT NOT NULL,
    attributes TEXT NOT NULL,
    trace_header TEXT,
    group_id TEXT,
    deduplication_id TEXT,
    source_queue TEXT,
    sent_at INTEGER NOT NULL,
    delayed_until INTEGER NOT NULL,
    invisible_until INTEGER NOT NULL DEFAULT 0,
    receive_count INTEGER NOT NULL DEFAULT 0,
    first_received_at INTEGER,
    receipt TEXT
  ) STRICT;
  CREATE INDEX IF NOT EXISTS message_in_order ON message (queue, sequence);
  CREATE INDEX IF NOT EXISTS message_in_flight ON message (queue, invisible_until) WHERE receipt IS NOT NULL;
  CREATE INDEX IF NOT EXISTS message_of_group ON message (queue, group_id, sequence) WHERE group_id IS NOT NULL;
  CREATE INDEX IF NOT EXISTS message_of_group_in_flight ON message (queue, group_id, invisible_until) WHERE group_id IS NOT NULL;
  CREATE INDEX IF NOT EXISTS message_delayed ON message (queue, delayed_until);
  CREATE TABLE IF NOT EXISTS message_group (
    queue TEXT NOT NULL,
    group_id TEXT NOT NULL,
    first_sequence INTEGER NOT NULL,
    blocked_until INTEGER NOT NULL,
    PRIMARY KEY (queue, group_id)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS message_group_in_order ON message_group (queue, first_sequence);
  CREATE TABLE IF NOT EXISTS deduplication (
    queue TEXT NOT NULL,
    deduplication_id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (queue, deduplication_id)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS deduplication_expiry ON deduplication (expires_at);
`
