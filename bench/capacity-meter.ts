import type { IncomingMessage } from 'node:http'
import { type Reply, readBody, startLoopbackServer } from '../local/loopback-server.ts'

/** Units as DynamoDB counts and charges them: a write in a transaction counts twice. */
export type Capacity = { writeUnits: number; readUnits: number; calls: number; refusedCalls: number }

const WRITES = new Set(['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem', 'TransactWriteItems'])
const READS = new Set(['GetItem', 'Query', 'Scan', 'BatchGetItem', 'TransactGetItems'])
const LARGEST_REQUEST_BYTES = 16 * 1024 * 1024

type Units = { CapacityUnits?: number }
type ConsumedCapacity = Units & {
  TableName?: string
  Table?: Units
  GlobalSecondaryIndexes?: Record<string, Units>
}
/** A transaction that was written, and what it consumed of each table. */
export type MeteredTransaction = {
  items: { Put?: MeteredItem; Update?: MeteredItem }[]
  consumed: ConsumedCapacity[]
}
type MeteredItem = { TableName: string; Item?: Record<string, object>; Key?: Record<string, { S: string }> }

/**
 * A database endpoint that hands every request on and adds up what the database itself says it consumed, so that handlers
 * are measured as they are, with all of their calls.
 */
export async function startCapacityMeter(databaseUrl: string) {
  let sum = nothing()
  let tellTransaction: ((transaction: MeteredTransaction) => void) | undefined

  async function answer(request: IncomingMessage): Promise<Reply> {
    const body = (await readBody(request, LARGEST_REQUEST_BYTES)) ?? Buffer.alloc(0)
    const operation = String(request.headers['x-amz-target']).split('.').at(-1)!
    const { host, connection, 'content-length': length, ...headers } = request.headers
    const reply = await fetch(databaseUrl, {
      method: 'POST',
      headers: headers as Record<string, string>,
      body: isCounted(operation) ? askForCapacity(body) : new Uint8Array(body),
    })
    const text = await reply.text()
    if (isCounted(operation)) count(operation, reply.ok, text)
    if (tellTransaction && operation === 'TransactWriteItems' && reply.ok)
      tellTransaction({
        items: JSON.parse(body.toString('utf8')).TransactItems,
        consumed: JSON.parse(text).ConsumedCapacity,
      })
    return { status: reply.status, headers: { 'content-type': 'application/x-amz-json-1.0' }, body: text }
  }

  function count(operation: string, isDone: boolean, text: string): void {
    sum.calls += 1
    if (!isDone) sum.refusedCalls += 1
    const { ConsumedCapacity = [] } = JSON.parse(text) as {
      ConsumedCapacity?: ConsumedCapacity | ConsumedCapacity[]
    }
    const units = [ConsumedCapacity].flat().reduce((total, each) => total + (each.CapacityUnits ?? 0), 0)
    if (WRITES.has(operation)) sum.writeUnits += units
    else sum.readUnits += units
  }

  /** What the database's clients consumed while `run` ran; `tell` hears of each transaction by itself. */
  async function measure(
    run: () => Promise<unknown>,
    tell?: (transaction: MeteredTransaction) => void,
  ): Promise<Capacity> {
    sum = nothing()
    tellTransaction = tell
    await run()
    tellTransaction = undefined
    const measured = sum
    sum = nothing()
    return measured
  }

  const server = await startLoopbackServer(0, answer)
  return { url: server.url, measure, close: server.close }
}

export type CapacityMeter = Awaited<ReturnType<typeof startCapacityMeter>>

function nothing(): Capacity {
  return { writeUnits: 0, readUnits: 0, calls: 0, refusedCalls: 0 }
}

function isCounted(operation: string): boolean {
  return WRITES.has(operation) || READS.has(operation)
}

function askForCapacity(body: Buffer): string {
  return JSON.stringify({ ...JSON.parse(body.toString('utf8')), ReturnConsumedCapacity: 'INDEXES' })
}
