import type { DatabaseSync } from 'node:sqlite'

/** One message as it is stored. */
export type MessageRow = {
  sequence: number
  queue: string
  message_id: string
  body: string
  attributes: string
  trace_header: string | null
  group_id: string | null
  deduplication_id: string | null
  source_queue: string | null
  sent_at: number
  delayed_until: number
  invisible_until: number
  receive_count: number
  first_received_at: number | null
  receipt: string | null
}

export type NewMessageRow = Omit<
  MessageRow,
  'sequence' | 'invisible_until' | 'receive_count' | 'first_received_at' | 'receipt'
>

export type MessageRows = ReturnType<typeof prepareMessageRows>

/** The statements on messages and their groups; each is one SQL statement and knows no rule. */
export function prepareMessageRows(database: DatabaseSync) {
  const statements = {
    insert:
      database.prepare(`INSERT INTO message (queue, message_id, body, attributes, trace_header, group_id, deduplication_id,
      source_queue, sent_at, delayed_until) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
    bySequence: database.prepare('SELECT * FROM message WHERE sequence = ?'),
    visible:
      database.prepare(`SELECT * FROM message WHERE queue = ? AND invisible_until <= ? AND delayed_until <= ?
      ORDER BY sequence LIMIT ?`),
    visibleOfGroup:
      database.prepare(`SELECT * FROM message WHERE queue = ? AND group_id = ? AND invisible_until <= ?
      AND delayed_until <= ? ORDER BY sequence LIMIT ?`),
    take: database.prepare(`UPDATE message SET receipt = ?, invisible_until = ?, receive_count = ?, first_received_at = ?
      WHERE sequence = ?`),
    hideUntil: database.prepare('UPDATE message SET invisible_until = ? WHERE sequence = ?'),
    remove: database.prepare('DELETE FROM message WHERE sequence = ?'),
    removeAll: database.prepare('DELETE FROM message WHERE queue = ?'),
    removeGroups: database.prepare('DELETE FROM message_group WHERE queue = ?'),
    nextGroup:
      database.prepare(`SELECT group_id, first_sequence FROM message_group WHERE queue = ? AND first_sequence > ?
      AND blocked_until <= ? ORDER BY first_sequence LIMIT 1`),
    firstOfGroup: database.prepare(
      'SELECT MIN(sequence) AS value FROM message WHERE queue = ? AND group_id = ?',
    ),
    blockOfGroup: database.prepare(
      'SELECT MAX(invisible_until) AS value FROM message WHERE queue = ? AND group_id = ?',
    ),
    removeGroup: database.prepare('DELETE FROM message_group WHERE queue = ? AND group_id = ?'),
    putGroup:
      database.prepare(`INSERT INTO message_group (queue, group_id, first_sequence, blocked_until) VALUES (?, ?, ?, ?)
      ON CONFLICT (queue, group_id) DO UPDATE SET first_sequence = excluded.first_sequence, blocked_until = excluded.blocked_until`),
    total: database.prepare('SELECT COUNT(*) AS value FROM message WHERE queue = ?'),
    inFlight: database.prepare(
      'SELECT COUNT(*) AS value FROM message WHERE queue = ? AND receipt IS NOT NULL AND invisible_until > ?',
    ),
    delayed: database.prepare('SELECT COUNT(*) AS value FROM message WHERE queue = ? AND delayed_until > ?'),
    anyDue: database.prepare('SELECT 1 AS value FROM message WHERE queue = ? AND delayed_until <= ? LIMIT 1'),
    nextVisible:
      database.prepare(`SELECT MIN(invisible_until) AS value FROM message WHERE queue = ? AND receipt IS NOT NULL
      AND invisible_until > ?`),
    nextDelayed: database.prepare(
      'SELECT MIN(delayed_until) AS value FROM message WHERE queue = ? AND delayed_until > ?',
    ),
  }
  const value = (row: unknown) => (row as { value: number | null } | undefined)?.value ?? undefined

  return {
    insert: (row: NewMessageRow) =>
      Number(
        statements.insert.run(
          row.queue,
          row.message_id,
          row.body,
          row.attributes,
          row.trace_header,
          row.group_id,
          row.deduplication_id,
          row.source_queue,
          row.sent_at,
          row.delayed_until,
        ).lastInsertRowid,
      ),
    bySequence: (sequence: number) => statements.bySequence.get(sequence) as MessageRow | undefined,
    visible: (queue: string, now: number, clock: number, limit: number) =>
      statements.visible.all(queue, now, clock, limit) as MessageRow[],
    visibleOfGroup: (queue: string, group: string, now: number, clock: number, limit: number) =>
      statements.visibleOfGroup.all(queue, group, now, clock, limit) as MessageRow[],
    take: (row: MessageRow) =>
      statements.take.run(
        row.receipt,
        row.invisible_until,
        row.receive_count,
        row.first_received_at,
        row.sequence,
      ),
    hideUntil: (sequence: number, until: number) => statements.hideUntil.run(until, sequence),
    remove: (sequence: number) => statements.remove.run(sequence),
    removeAll: (queue: string) => {
      statements.removeAll.run(queue)
      statements.removeGroups.run(queue)
    },
    nextGroup: (queue: string, afterSequence: number, now: number) =>
      statements.nextGroup.get(queue, afterSequence, now) as
        | { group_id: string; first_sequence: number }
        | undefined,
    /** Writes anew what the group's row says of its messages; removes it with the last of them. */
    refreshGroup: (queue: string, group: string) => {
      const first = value(statements.firstOfGroup.get(queue, group))
      if (first === undefined) statements.removeGroup.run(queue, group)
      else statements.putGroup.run(queue, group, first, value(statements.blockOfGroup.get(queue, group)) ?? 0)
    },
    countAll: (queue: string) => value(statements.total.get(queue)) ?? 0,
    countInFlight: (queue: string, now: number) => value(statements.inFlight.get(queue, now)) ?? 0,
    countDelayed: (queue: string, clock: number) => value(statements.delayed.get(queue, clock)) ?? 0,
    hasDue: (queue: string, clock: number) => statements.anyDue.get(queue, clock) !== undefined,
    nextVisibleAt: (queue: string, now: number) => value(statements.nextVisible.get(queue, now)),
    nextDelayedUntil: (queue: string, clock: number) => value(statements.nextDelayed.get(queue, clock)),
  }
}
