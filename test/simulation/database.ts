import { connect, type Socket } from 'node:net'
import { startDynamoDb } from '../../local/dynamodb.ts'
import { tableDefinition } from '../support/database.ts'
import type { BoundaryReply } from './boundary.ts'

export type SimulatedTables = {
  ledger: string
  usage: string
  waiting: string
  documents: string
  payments: string
}
export type SimulationDatabase = Awaited<ReturnType<typeof startSimulationDatabase>>

type Item = Record<string, unknown>

/** How many indexes a table has. */
const INDEXES: Record<string, number> = { documents: 1, payments: 2 }

/** Signed in form: the database asks for no more. */
const SIGNATURE = [
  'x-amz-date: 20260101T000000Z',
  'authorization: AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=none',
].join('\r\n')

/** The embedded database, asked over one connection, one call after the other. */
export async function startSimulationDatabase() {
  const process = await startDynamoDb()
  const connection = await openConnection(new URL(process.url))
  let worlds = 0

  async function ask(operation: string, request: object): Promise<Record<string, unknown>> {
    const reply = await connection.call(operation, JSON.stringify(request))
    if (reply.status !== 200) throw new Error(`${operation}: ${reply.body}`)
    return JSON.parse(reply.body) as Record<string, unknown>
  }

  /** Empty tables of names that were never used before. */
  async function createTables(): Promise<SimulatedTables> {
    worlds += 1
    const tables = {
      ledger: `Ledger${worlds}`,
      usage: `Usage${worlds}`,
      waiting: `Waiting${worlds}`,
      documents: `Documents${worlds}`,
      payments: `Payments${worlds}`,
    }
    for (const [name, TableName] of Object.entries(tables))
      await ask('CreateTable', tableDefinition(TableName, INDEXES[name]))
    return tables
  }

  async function deleteTables(tables: SimulatedTables): Promise<void> {
    for (const TableName of Object.values(tables)) await ask('DeleteTable', { TableName })
  }

  /** An account's items of the ledger from one sort key to another, both included, as they are now. */
  async function queryItems(TableName: string, pk: string, from: string, to: string): Promise<Item[]> {
    const items: Item[] = []
    let ExclusiveStartKey: unknown
    do {
      const reply = await ask('Query', {
        TableName,
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
        ExpressionAttributeValues: { ':pk': { S: pk }, ':from': { S: from }, ':to': { S: to } },
        ConsistentRead: true,
        ExclusiveStartKey,
      })
      items.push(...(reply.Items as Item[]))
      ExclusiveStartKey = reply.LastEvaluatedKey
    } while (ExclusiveStartKey)
    return items
  }

  async function stop() {
    connection.end()
    await process.close()
  }

  return { call: connection.call, createTables, deleteTables, queryItems, stop }
}

/** A connection that carries one HTTP request at a time: a fraction of the work of Node's own client. */
async function openConnection(url: URL) {
  let buffered: Buffer = Buffer.alloc(0)
  let waiting: { resolve: (reply: BoundaryReply) => void; reject: (error: Error) => void } | undefined
  let before: Promise<unknown> = Promise.resolve()
  const socket: Socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true })
  await new Promise<void>((ready, reject) => socket.once('connect', ready).once('error', reject))
  socket.on('data', (part: Buffer) => {
    buffered = buffered.length === 0 ? part : Buffer.concat([buffered, part])
    const headEnd = buffered.indexOf('\r\n\r\n')
    if (headEnd < 0) return
    const head = buffered.toString('latin1', 0, headEnd)
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1])
    const end = headEnd + 4 + length
    if (Number.isNaN(length)) waiting?.reject(new Error(`the database answers without a length: ${head}`))
    if (buffered.length < end) return
    const body = buffered.toString('utf8', headEnd + 4, end)
    buffered = buffered.subarray(end)
    waiting?.resolve({ status: Number(head.slice(9, 12)), body })
  })
  const fail = () => waiting?.reject(new Error('the database has closed the connection'))
  socket.on('error', fail).on('close', fail)

  function call(operation: string, body: string): Promise<BoundaryReply> {
    const send = () =>
      new Promise<BoundaryReply>((resolve, reject) => {
        waiting = { resolve, reject }
        socket.write(
          [
            'POST / HTTP/1.1',
            `host: ${url.host}`,
            `x-amz-target: DynamoDB_20120810.${operation}`,
            'content-type: application/x-amz-json-1.0',
            SIGNATURE,
            `content-length: ${Buffer.byteLength(body)}`,
            '',
            body,
          ].join('\r\n'),
        )
      })
    const reply = before.then(send)
    before = reply.catch(() => undefined)
    return reply
  }

  return { call, end: () => socket.destroy() }
}

type AttributeValue = { S?: string; N?: string; BOOL?: boolean; NULL?: true; B?: string } & {
  L?: AttributeValue[]
  M?: Record<string, AttributeValue>
}

/** An item as plain values: numbers as bigints. */
export function readAttributes(item: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(item).map(([name, value]) => [name, readAttribute(value as AttributeValue)]),
  )
}

function readAttribute(value: AttributeValue): unknown {
  if (value.S !== undefined) return value.S
  if (value.N !== undefined) return BigInt(value.N)
  if (value.M !== undefined) return readAttributes(value.M)
  if (value.L !== undefined) return value.L.map(readAttribute)
  if (value.BOOL !== undefined) return value.BOOL
  return value.B === undefined ? undefined : new Uint8Array(Buffer.from(value.B, 'base64'))
}
