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

/** What happens by itself once its time has come. */
export type ScheduledAction = 'refund_succeeds' | 'refund_fails' | 'dispute_is_lost' | 'inquiry_closes'

export interface StripeStore {
  /** Runs `work` with all its writes, or none when it throws. */
  transaction<Result>(work: () => Result): Result
  put(object: StoredObject): void
  get<Shape extends StoredObject>(kind: Shape['object'], id: string): Shape | undefined
  /** The objects of a kind, oldest first; `where` names top-level fields and what they equal. */
  list<Shape extends StoredObject>(kind: Shape['object'], where?: Record<string, string>): Shape[]
  /** Open Checkout sessions whose `expires_at` has come. */
  dueSessions<Shape extends StoredObject>(nowSeconds: number): Shape[]
  putCardNumber(paymentMethodId: string, cardNumber: string, isSetUp: boolean): void
  cardOf(paymentMethodId: string): { cardNumber: string; isSetUp: boolean } | undefined
  /** After this the payment method can no longer pay. */
  removeCardNumber(paymentMethodId: string): void
  /** Remembers what is to happen to an object at a time; one plan per object, the last one counts. */
  schedule(objectId: string, atSeconds: number, action: ScheduledAction): void
  unschedule(objectId: string): void
  /** The plans whose time has come, in the order of their times. */
  dueActions(nowSeconds: number): { objectId: string; action: ScheduledAction }[]
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
    CREATE TABLE IF NOT EXISTS scheduled (object TEXT PRIMARY KEY, at INTEGER NOT NULL, action TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS reply (
      key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL,
      request_id TEXT NOT NULL, created_at INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS delivery (sequence INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL);
  `)
  return {
    ...objectsIn(database),
    ...plansIn(database),
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
    list<Shape extends StoredObject>(kind: Shape['object'], where: Record<string, string> = {}): Shape[] {
      const conditions = Object.keys(where).map(() => ' AND json_extract(body, ?) = ?')
      const values = Object.entries(where).flatMap(([field, value]) => [`$.${field}`, value])
      return database
        .prepare(`SELECT body FROM object WHERE kind = ?${conditions.join('')} ORDER BY sequence`)
        .all(kind, ...values)
        .map((row) => JSON.parse(String(row.body)) as Shape)
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

function plansIn(database: DatabaseSync) {
  const put = database.prepare('INSERT OR REPLACE INTO scheduled (object, at, action) VALUES (?, ?, ?)')
  const remove = database.prepare('DELETE FROM scheduled WHERE object = ?')
  const due = database.prepare('SELECT object, action FROM scheduled WHERE at <= ? ORDER BY at, rowid')
  return {
    schedule(objectId: string, atSeconds: number, action: ScheduledAction) {
      put.run(objectId, atSeconds, action)
    },
    unschedule(objectId: string) {
      remove.run(objectId)
    },
    dueActions(nowSeconds: number) {
      return due
        .all(nowSeconds)
        .map((row) => ({ objectId: String(row.object), action: String(row.action) as ScheduledAction }))
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
