import { DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb'
import { readItem } from '../functions/edge/dynamodb.ts'
import { EVENT_SOURCE } from '../functions/events/event.ts'
import { eventsOfEntry } from '../functions/events/events-of-entry.ts'
import type { Entry } from '../functions/ledger/entry.ts'
import { accountKey } from '../functions/ledger/ledger-keys.ts'
import { EVENT_BATCH } from '../functions/usage/usage.api.ts'
import { usageRoutes } from '../functions/usage/usage.routes.ts'
import { lambdaRecord } from '../local/streams/stream-event.ts'
import { HTTP_METERED_BYTES, QUEUE_METERED_BYTES } from './aws-prices.ts'
import type { CallMaker } from './calls.ts'
import type { Handlers } from './handlers.ts'
import { httpEvent, invokeBatch, invokeHttp, queueEvent } from './invoke.ts'
import type { Machine } from './machine.ts'

type Step = 'takeUsage' | 'deductUsage' | 'publishEntries' | 'alertLowCredit'

/** What some requests of usage set in motion, in the units in which AWS meters it. */
export type UsageFlow = {
  events: number
  httpRequests: number
  responseBytes: number
  /** Sends, receives and deletes of the usage queue, each 64 KB by itself. */
  fifoQueueRequests: number
  entries: number
  busEvents: number
  /** Calls of each function, and how long they took together. */
  invocations: Record<Step, number>
  milliseconds: Record<Step, number>
}

const SOURCE = 'urn:switch:berlin-1'

/**
 * Sends requests of numbered calls of one account and follows each to the end before the next: taken, queued, deducted, its
 * entries published from the ledger's stream, and the check for low credit that each of them leads to.
 */
export async function followUsage(
  machine: Machine,
  handlers: Handlers,
  calls: CallMaker,
  {
    accountId,
    requests,
    eventsPerRequest,
  }: { accountId: string; requests: number; eventsPerRequest: number },
): Promise<UsageFlow> {
  const entries = entryReader(machine, accountId)
  await entries.readNew()
  const flow: UsageFlow = {
    events: requests * eventsPerRequest,
    httpRequests: 0,
    responseBytes: 0,
    fifoQueueRequests: 0,
    entries: 0,
    busEvents: 0,
    invocations: { takeUsage: 0, deductUsage: 0, publishEntries: 0, alertLowCredit: 0 },
    milliseconds: { takeUsage: 0, deductUsage: 0, publishEntries: 0, alertLowCredit: 0 },
  }

  async function spend<Result>(step: Step, run: () => Promise<Result>): Promise<Result> {
    const begun = performance.now()
    const result = await run()
    flow.milliseconds[step] += performance.now() - begun
    flow.invocations[step] += 1
    return result
  }

  async function take(): Promise<void> {
    const body = calls.nextBatch(accountId, SOURCE, true, eventsPerRequest)
    const request = httpEvent({ route: usageRoutes.takeUsage, contentType: EVENT_BATCH, body })
    flow.httpRequests += Math.ceil(Buffer.byteLength(request.body) / HTTP_METERED_BYTES)
    const reply = await spend('takeUsage', () => invokeHttp(handlers.takeUsage, request))
    flow.responseBytes += Buffer.byteLength(reply.text)
  }

  async function deduct(): Promise<void> {
    for (let received = machine.receiveUsage(); received.length > 0; received = machine.receiveUsage()) {
      const bytes = received.reduce((sum, { body }) => sum + Buffer.byteLength(body), 0)
      // Sent and received in batches; a batch of deletions is one request.
      flow.fifoQueueRequests += 2 * Math.ceil(bytes / QUEUE_METERED_BYTES) + 1
      await spend('deductUsage', () => invokeBatch(handlers.deductUsage, queueEvent(received)))
    }
  }

  async function publish(): Promise<void> {
    const written = await entries.readNew()
    const Records = written.map(({ record }) => record)
    flow.entries += written.length
    // At worst each entry comes alone.
    for (const record of Records)
      await spend('publishEntries', () => invokeBatch(handlers.publishEntries, { Records: [record] }))
    for (const { detailType, detail } of written.flatMap(({ entry }) => eventsOfEntry(entry))) {
      flow.busEvents += 1
      const body = JSON.stringify({ 'detail-type': detailType, source: EVENT_SOURCE, detail })
      await spend('alertLowCredit', () => invokeBatch(handlers.alertLowCredit, queueEvent([{ body }])))
    }
  }

  for (let request = 0; request < requests; request++) {
    await take()
    await deduct()
    await publish()
  }
  entries.close()
  return flow
}

/** Reads an account's new entries as its table's stream would hand them to a function. */
function entryReader({ database }: Machine, accountId: string) {
  const client = new DynamoDBClient({
    endpoint: database.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: database.accessKeyId, secretAccessKey: 'local' },
  })
  let last = 'ENTRY#'

  async function readNew() {
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: database.ledgerTable,
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
        ExpressionAttributeValues: {
          ':pk': { S: accountKey(accountId) },
          // Behind the last one, before the next.
          ':from': { S: `${last} ` },
          ':to': { S: 'ENTRY#~' },
        },
        ConsistentRead: true,
      }),
    )
    last = Items.at(-1)?.sk?.S ?? last
    return Items.map((NewImage) => {
      const change = { eventName: 'INSERT' as const, dynamodb: { SequenceNumber: NewImage.sk!.S, NewImage } }
      return { entry: readItem(NewImage) as Entry, record: lambdaRecord(change, '', 'us-east-1') }
    })
  }

  return { readNew, close: () => client.destroy() }
}
