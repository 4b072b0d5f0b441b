import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { UndeliveredEvent } from './bus.types.ts'

export type NewDelivery = { ruleName: string; targetId: string; payloadJson: string }

export type Delivery = NewDelivery & { sequence: number; attempts: number }

type Row = {
  sequence: number
  rule: string
  target: string
  payload: string
  attempts: number
  failure: string | null
}

export type DeliveryJournal = ReturnType<typeof openDeliveryJournal>

/**
 * What was accepted and is not delivered yet, in `eventbridge.sqlite`; it survives kill -9. Retry times are forgotten at a restart: whatever
 * waits is due at once.
 */
export function openDeliveryJournal(folder: string) {
  mkdirSync(folder, { recursive: true })
  const database = new DatabaseSync(join(folder, 'eventbridge.sqlite'))
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000;')
  database.exec(`
    CREATE TABLE IF NOT EXISTS delivery (
      sequence INTEGER PRIMARY KEY AUTOINCREMENT,
      rule TEXT NOT NULL,
      target TEXT NOT NULL,
      payload TEXT NOT NULL,
      attempts INTEGER NOT NULL DEFAULT 0,
      retry_at REAL NOT NULL DEFAULT 0,
      failure TEXT
    ) STRICT;
    CREATE INDEX IF NOT EXISTS delivery_waiting ON delivery (rule, target, sequence) WHERE failure IS NULL;
    UPDATE delivery SET retry_at = 0 WHERE failure IS NULL;
  `)
  const insert = database.prepare('INSERT INTO delivery (rule, target, payload) VALUES (?, ?, ?)')
  const next =
    database.prepare(`SELECT * FROM delivery WHERE rule = ? AND target = ? AND failure IS NULL AND retry_at <= ?
    ORDER BY sequence LIMIT 1`)
  const nextRetry = database.prepare(
    'SELECT MIN(retry_at) AS at FROM delivery WHERE rule = ? AND target = ? AND failure IS NULL',
  )
  const remove = database.prepare('DELETE FROM delivery WHERE sequence = ?')
  const postpone = database.prepare('UPDATE delivery SET attempts = ?, retry_at = ? WHERE sequence = ?')
  const giveUp = database.prepare('UPDATE delivery SET attempts = ?, failure = ? WHERE sequence = ?')
  const anyWaiting = database.prepare('SELECT 1 FROM delivery WHERE failure IS NULL LIMIT 1')
  const waitingTargets = database.prepare('SELECT DISTINCT rule, target FROM delivery WHERE failure IS NULL')
  const orphan = database.prepare(
    'UPDATE delivery SET failure = ? WHERE rule = ? AND target = ? AND failure IS NULL',
  )
  const failed = database.prepare('SELECT * FROM delivery WHERE failure IS NOT NULL ORDER BY sequence')

  return {
    /** Writes all of them or none. */
    append: (deliveries: readonly NewDelivery[]): void => {
      database.exec('BEGIN IMMEDIATE')
      try {
        for (const one of deliveries) insert.run(one.ruleName, one.targetId, one.payloadJson)
        database.exec('COMMIT')
      } catch (error) {
        database.exec('ROLLBACK')
        throw error
      }
    },
    next: (ruleName: string, targetId: string, now: number): Delivery | undefined => {
      const row = next.get(ruleName, targetId, now) as Row | undefined
      if (!row) return undefined
      return { sequence: row.sequence, ruleName, targetId, payloadJson: row.payload, attempts: row.attempts }
    },
    nextRetryAt: (ruleName: string, targetId: string): number | undefined =>
      (nextRetry.get(ruleName, targetId) as { at: number | null }).at ?? undefined,
    remove: (sequence: number) => remove.run(sequence),
    postpone: (sequence: number, attempts: number, retryAt: number) =>
      postpone.run(attempts, retryAt, sequence),
    giveUp: (sequence: number, attempts: number, reason: string) => giveUp.run(attempts, reason, sequence),
    isEmpty: (): boolean => anyWaiting.get() === undefined,
    /** Gives up what waits for targets that are declared no more. */
    giveUpOrphans: (isDeclared: (ruleName: string, targetId: string) => boolean): void => {
      for (const { rule, target } of waitingTargets.all() as { rule: string; target: string }[]) {
        if (!isDeclared(rule, target)) orphan.run('The target is not declared any more.', rule, target)
      }
    },
    undelivered: (): UndeliveredEvent[] =>
      (failed.all() as Row[]).map((row) => ({
        ruleName: row.rule,
        targetId: row.target,
        payloadJson: row.payload,
        attempts: row.attempts,
        reason: row.failure ?? '',
      })),
    close: () => database.close(),
  }
}
