import { join } from 'node:path'
import { batchItemFailures } from './event-sources.ts'
import { compileEventPattern } from './eventbridge/event-pattern.ts'
import type { Lambda } from './lambda.ts'
import { lambdaRecord } from './streams/stream-event.ts'
import { openStreamReader, type StreamReader, type StreamRecord } from './streams/stream-reader.ts'
import type { StreamMapping } from './template.ts'

export type StreamsOptions = {
  mappings: readonly StreamMapping[]
  databaseUrl: string
  /** `stream-<mapping>.json` here says how far each mapping got. */
  folder: string
  lambda: Lambda
  region: string
  /** Takes what was given up, as the message an on-failure destination gets. */
  sendFailure(destinationArn: string, message: unknown): void
}

export type Streams = {
  /** Looks at once, instead of within a second, whether something was written. */
  nudge(): void
  /** Resolves when everything that was written before this call is delivered. */
  untilDelivered(): Promise<void>
  /** Whether a batch is being delivered or retried. */
  isDelivering(): boolean
  close(): Promise<void>
}

const restMillis = 1000
const firstRetryMillis = 100
const longestRetryMillis = 5000

/**
 * Delivers the tables' stream records to their functions, as Lambda's event source mappings do: in order, one batch at a time,
 * again until they are taken or given up; at least once, also across kill -9.
 */
export async function startStreams(options: StreamsOptions): Promise<Streams> {
  const deliveries = await Promise.all(
    options.mappings.map(async (mapping) => {
      const reader = await openStreamReader({
        databaseUrl: options.databaseUrl,
        tableName: mapping.tableName,
        checkpointFile: join(options.folder, `stream-${mapping.id}.json`),
        startingPosition: mapping.startingPosition,
      })
      return new StreamDelivery(mapping, reader, options)
    }),
  )
  return {
    nudge: () => deliveries.forEach((delivery) => void delivery.nudge()),
    untilDelivered: async () =>
      void (await Promise.all(deliveries.map((delivery) => delivery.untilDelivered()))),
    isDelivering: () => deliveries.some((delivery) => delivery.delivering),
    close: async () => void (await Promise.all(deliveries.map((delivery) => delivery.close()))),
  }
}

class StreamDelivery {
  delivering = false
  readonly #mapping: StreamMapping
  readonly #reader: StreamReader
  readonly #options: StreamsOptions
  readonly #patterns: ((event: unknown) => boolean)[]
  readonly #ended: Promise<void>
  #closed = false
  #nudged = false
  #wake: (() => void) | undefined
  #waiting: (() => void)[] = []

  constructor(mapping: StreamMapping, reader: StreamReader, options: StreamsOptions) {
    this.#mapping = mapping
    this.#reader = reader
    this.#options = options
    this.#patterns = mapping.filterPatterns.map(compileEventPattern)
    this.#ended = this.#run()
  }

  nudge(): void {
    this.#nudged = true
    this.#wake?.()
  }

  untilDelivered(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#closed) return resolve()
      this.#waiting.push(resolve)
      this.nudge()
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    this.nudge()
    await this.#ended
    this.#reader.close()
    for (const resolve of this.#waiting) resolve()
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      this.#nudged = false
      // Who asked before this read began is answered by it, if it finds nothing.
      const asked = this.#waiting.length
      const records = await this.#read()
      if (records.length > 0) {
        this.delivering = true
        await this.#deliver(records)
        this.delivering = false
      } else {
        for (const resolve of this.#waiting.splice(0, asked)) resolve()
        if (this.#waiting.length === 0) await this.#rest(restMillis)
      }
    }
  }

  async #read(): Promise<StreamRecord[]> {
    try {
      return await this.#reader.read()
    } catch (error) {
      if (!this.#closed) {
        console.error(`reading the stream of ${this.#mapping.tableName} failed: ${String(error)}`)
        await this.#rest(restMillis)
      }
      return []
    }
  }

  async #rest(millis: number): Promise<void> {
    if (this.#nudged || this.#closed) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, millis)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wake = undefined
  }

  /** Unlike a rest, nothing but the end of the stack cuts it short: news elsewhere is no reason to try again. */
  async #untilRetry(millis: number): Promise<void> {
    const until = performance.now() + millis
    while (!this.#closed && performance.now() < until) {
      this.#nudged = false
      await this.#rest(until - performance.now())
    }
  }

  async #deliver(records: StreamRecord[]): Promise<void> {
    const arn = this.#reader.streamArn
    const wanted = records.filter((record) => {
      const event = lambdaRecord(record, arn, this.#options.region)
      return this.#patterns.length === 0 || this.#patterns.some((matches) => matches(event))
    })
    for (let start = 0; start < wanted.length && !this.#closed; start += this.#mapping.batchSize) {
      await this.#deliverBatch(wanted.slice(start, start + this.#mapping.batchSize))
    }
    const last = records.at(-1)
    if (last !== undefined && !this.#closed) this.#reader.markDone(sequenceOf(last))
  }

  /** Delivers the batch until it is taken or given up; what a partial failure names is where the next attempt begins. */
  async #deliverBatch(batch: StreamRecord[]): Promise<void> {
    let rest = batch
    for (let attempt = 0; rest.length > 0 && !this.#closed; attempt += 1) {
      const firstFailed = await this.#invoke(rest)
      if (this.#closed) return
      const taken = firstFailed === undefined ? rest.length : firstFailed
      if (taken > 0) {
        this.#reader.markDone(sequenceOf(rest[taken - 1]!))
        rest = rest.slice(taken)
        attempt = -1
        continue
      }
      // Halving does not count as an attempt, as on AWS: the record that cannot be delivered ends up alone.
      if (this.#mapping.bisectBatchOnError && rest.length > 1) {
        const half = Math.ceil(rest.length / 2)
        await this.#deliverBatch(rest.slice(0, half))
        rest = rest.slice(half)
        attempt = -1
        continue
      }
      if (attempt >= this.#mapping.maximumRetryAttempts) {
        this.#giveUp(rest, attempt + 1)
        return
      }
      await this.#untilRetry(Math.min(firstRetryMillis * 2 ** attempt, longestRetryMillis))
    }
  }

  /** The index of the first record that failed; undefined when all were taken. */
  async #invoke(batch: StreamRecord[]): Promise<number | undefined> {
    const { lambda, region } = this.#options
    const Records = batch.map((record) => lambdaRecord(record, this.#reader.streamArn, region))
    const outcome = await lambda.invoke(this.#mapping.functionName, { Records })
    if (!outcome.ok) return 0
    if (!this.#mapping.reportBatchItemFailures) return undefined
    const failures = batchItemFailures(outcome.payloadJson)
    if (failures === undefined) return 0
    if (failures.length === 0) return undefined
    const indexes = failures.map((id) => batch.findIndex((record) => sequenceOf(record) === id))
    return Math.max(0, Math.min(...indexes))
  }

  #giveUp(batch: StreamRecord[], invocations: number): void {
    const { onFailureArn, functionName } = this.#mapping
    if (onFailureArn !== undefined) {
      this.#options.sendFailure(onFailureArn, {
        requestContext: {
          functionArn: functionName,
          condition: 'RetryAttemptsExhausted',
          approximateInvokeCount: invocations,
        },
        responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
        version: '1.0',
        timestamp: new Date().toISOString(),
        DDBStreamBatchInfo: {
          shardId: this.#reader.shardId(),
          startSequenceNumber: sequenceOf(batch[0]!),
          endSequenceNumber: sequenceOf(batch.at(-1)!),
          batchSize: batch.length,
          streamArn: this.#reader.streamArn,
        },
      })
    }
    this.#reader.markDone(sequenceOf(batch.at(-1)!))
  }
}

const sequenceOf = (record: StreamRecord): string => record.dynamodb?.SequenceNumber ?? ''
