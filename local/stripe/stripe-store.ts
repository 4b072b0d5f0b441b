import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

export interface StoredReply {
  fingerprint: string
  status: number
  body: string
  requestId: string
  createdAtSeconds: number
}

export interface WaitingDelivery {
  sequence: number
  eventId: string
  payload: string
}

/** Any object that Stripe's API names by an id. */
export interface StoredObject {
  id: string
  object: string
}

export interface StripeStore {
  /** Runs `work` with all its writes, or none when it throws. */
  transaction<Result>(work: () => Result): Result
  put(object: StoredObject): void
  get<Shape extends StoredObject>(kind: Shape['object'], id: string): Shape | undefined
  /** All objects of a kind, oldest first. */
  list<Shape extends StoredObject>(kind: Shape['object']): Shape[]
  /** Open Checkout sessions whose `expires_at` has come. */
  dueSessions<Shape extends StoredObject>(nowSeconds: number): Shape[]
  putCardNumber(paymentMethodId: string, cardNumber: string, isSetUp: boolean): void
  cardOf(paymentMethodId: string): { cardNumber: string; isSetUp: boolean } | undefined
  /** After this the payment method can no longer pay. */
  removeCardNumber(paymentMethodId: string): void
  putReply(key: string, reply: StoredReply): void
  replyOf(key: string): StoredReply | undefined
  forgetReply(key: string): void
  enqueueDelivery(eventId: string): void
  /** Deliveries that still wait for a 2xx, in the order of their events. */
  waitingDeliveries(): WaitingDelivery[]
  finishDelivery(sequence: number): void
  close(): void
}

/**
 * Opens `<folder>/stripe.sqlite`. A transaction that returned survives kill -9 of the process (write-ahead log; the
 * operating system holds what was written).
 */
export function openStripeStore(folder: string): StripeStore {
  mkdirSync(folder, { recursive: true })
  const database = new DatabaseSync(join(folder, 'stripe.sqlite'))
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA busy_timeout = 5000;
    CREATE TABLE IF NOT EXISTS object (
      sequence INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, body TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS object_kind ON object (kind, sequence);
    CREATE INDEX IF NOT EXISTS open_session ON object (json_extract(body, '$.expires_at'))
      WHERE kind = 'checkout.session' AND json_extract(body, '$.status') = 'open';
    CREATE TABLE IF NOT EXISTS card (payment_method TEXT PRIMARY KEY, number TEXT NOT NULL, is_set_up INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS reply (
      key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL,
      request_id TEXT NOT NULL, created_at INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS delivery (sequence INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL);
  `)
  return {
    ...objectsIn(database),
    ...repliesIn(database),
    ...deliveriesIn(database),
    close: () => database.close(),
  }
}

function objectsIn(database: DatabaseSync) {
  const put = database.prepare(
    'INSERT INTO object (id, kind, body) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body',
  )
  const get = database.prepare('SELECT body FROM object WHERE kind = ? AND id = ?')
  const list = database.prepare('SELECT body FROM object WHERE kind = ? ORDER BY sequence')
  const putCard = database.prepare(
    'INSERT OR REPLACE INTO card (payment_method, number, is_set_up) VALUES (?, ?, ?)',
  )
  const due = database.prepare(`SELECT body FROM object WHERE kind = 'checkout.session'
    AND json_extract(body, '$.status') = 'open' AND json_extract(body, '$.expires_at') <= ?`)
  const removeCard = database.prepare('DELETE FROM card WHERE payment_method = ?')
  const getCard = database.prepare('SELECT number, is_set_up FROM card WHERE payment_method = ?')
  return {
    transaction<Result>(work: () => Result): Result {
      database.exec('BEGIN IMMEDIATE')
      try {
        const result = work()
        database.exec('COMMIT')
        return result
      } catch (error) {
        database.exec('ROLLBACK')
        throw error
      }
    },
    put(object: StoredObject) {
      put.run(object.id, object.object, JSON.stringify(object))
    },
    get<Shape extends StoredObject>(kind: Shape['object'], id: string): Shape | undefined {
      const row = get.get(kind, id)
      return row && (JSON.parse(String(row.body)) as Shape)
    },
    list<Shape extends StoredObject>(kind: Shape['object']): Shape[] {
      return list.all(kind).map((row) => JSON.parse(String(row.body)) as Shape)
    },
    dueSessions<Shape extends StoredObject>(nowSeconds: number): Shape[] {
      return due.all(nowSeconds).map((row) => JSON.parse(String(row.body)) as Shape)
    },
    putCardNumber(paymentMethodId: string, cardNumber: string, isSetUp: boolean) {
      putCard.run(paymentMethodId, cardNumber, isSetUp ? 1 : 0)
    },
    removeCardNumber(paymentMethodId: string) {
      removeCard.run(paymentMethodId)
    },
    cardOf(paymentMethodId: string) {
      const row = getCard.get(paymentMethodId)
      return row && { cardNumber: String(row.number), isSetUp: row.is_set_up === 1 }
    },
  }
}

function repliesIn(database: DatabaseSync) {
  const put = database.prepare(
    'INSERT OR REPLACE INTO reply (key, fingerprint, status, body, request_id, created_at) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const get = database.prepare('SELECT * FROM reply WHERE key = ?')
  const forget = database.prepare('DELETE FROM reply WHERE key = ?')
  return {
    putReply(key: string, reply: StoredReply) {
      put.run(key, reply.fingerprint, reply.status, reply.body, reply.requestId, reply.createdAtSeconds)
    },
    replyOf(key: string): StoredReply | undefined {
      const row = get.get(key)
      if (!row) return undefined
      return {
        fingerprint: String(row.fingerprint),
        status: Number(row.status),
        body: String(row.body),
        requestId: String(row.request_id),
        createdAtSeconds: Number(row.created_at),
      }
    },
    forgetReply(key: string) {
      forget.run(key)
    },
  }
}

function deliveriesIn(database: DatabaseSync) {
  const enqueue = database.prepare('INSERT INTO delivery (event) VALUES (?)')
  const finish = database.prepare('DELETE FROM delivery WHERE sequence = ?')
  const waiting = database.prepare(
    'SELECT delivery.sequence, delivery.event, object.body FROM delivery JOIN object ON object.id = delivery.event ORDER BY delivery.sequence',
  )
  return {
    enqueueDelivery(eventId: string) {
      enqueue.run(eventId)
    },
    waitingDeliveries(): WaitingDelivery[] {
      return waiting.all().map((row) => ({
        sequence: Number(row.sequence),
        eventId: String(row.event),
        payload: String(row.body),
      }))
    },
    finishDelivery(sequence: number) {
      finish.run(sequence)
    },
  }
}
