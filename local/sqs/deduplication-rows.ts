import type { DatabaseSync } from 'node:sqlite'

export type FirstMessage = { messageId: string; sequence: number }

export type DeduplicationRows = ReturnType<typeof prepareDeduplicationRows>

const windowMilliseconds = 5 * 60 * 1000

/**
 * The memory of a FIFO queue: an id sent again within five minutes of the clock is a duplicate, even when the first message has been
 * received and deleted.
 */
export function prepareDeduplicationRows(database: DatabaseSync) {
  const forget = database.prepare('DELETE FROM deduplication WHERE expires_at <= ?')
  const find = database.prepare(
    'SELECT message_id, sequence FROM deduplication WHERE queue = ? AND deduplication_id = ?',
  )
  const remember = database.prepare(
    'INSERT INTO deduplication (queue, deduplication_id, message_id, sequence, expires_at) VALUES (?, ?, ?, ?, ?)',
  )
  return {
    find: (queue: string, deduplicationId: string, clock: number): FirstMessage | undefined => {
      forget.run(clock)
      const row = find.get(queue, deduplicationId) as { message_id: string; sequence: number } | undefined
      return row && { messageId: row.message_id, sequence: row.sequence }
    },
    remember: (queue: string, deduplicationId: string, first: FirstMessage, clock: number): void => {
      remember.run(queue, deduplicationId, first.messageId, first.sequence, clock + windowMilliseconds)
    },
  }
}
