import { existsSync, readFileSync } from 'node:fs'
import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetShardIteratorCommand,
  type Shard,
} from '@aws-sdk/client-dynamodb-streams'
import { localClientOptions } from '../dynamodb.ts'
import { writeFileWhole } from '../write-file-whole.ts'
import { openRecordsReader, type StreamRecord } from './get-records.ts'

export type { StreamRecord }

/** Where a reader stands: everything up to that record is done with. */
export type Checkpoint = { streamArn: string; shardId: string; sequenceNumber?: string }

export type StreamReader = {
  streamArn: string
  shardId(): string
  /** The next records, in order; empty at the end of the stream. They come again until they are marked as done. */
  read(): Promise<StreamRecord[]>
  /** Marks everything up to this record as done; a restart, also after kill -9, goes on behind it. */
  markDone(sequenceNumber: string): void
  close(): void
}

/**
 * Reads a table's stream shard after shard from where the checkpoint file says, or from the mapping's starting position when
 * there is none. Records that the database has dropped since are skipped, as on AWS.
 */
export async function openStreamReader(options: {
  databaseUrl: string
  tableName: string
  checkpointFile: string
  startingPosition: 'TRIM_HORIZON' | 'LATEST'
}): Promise<StreamReader> {
  const { databaseUrl, tableName, checkpointFile } = options
  const streamArn = await streamOf(databaseUrl, tableName)
  const client = new DynamoDBStreamsClient(localClientOptions(databaseUrl))
  const records = openRecordsReader(databaseUrl)
  const kept = readCheckpoint(checkpointFile)
  const shards = await shardsOf(client, streamArn)
  const fresh = options.startingPosition === 'LATEST' ? shards.at(-1) : shards[0]
  let checkpoint: Checkpoint =
    kept?.streamArn === streamArn && shards.some((shard) => shard.ShardId === kept.shardId)
      ? kept
      : { streamArn, shardId: fresh?.ShardId ?? '' }
  const startAt = checkpoint === kept ? 'TRIM_HORIZON' : options.startingPosition
  let iterator: string | undefined = await iteratorAt(client, checkpoint, startAt)

  const nextShard = async (): Promise<boolean> => {
    const all = await shardsOf(client, streamArn)
    const child = all.find((shard) => shard.ParentShardId === checkpoint.shardId)
    const next = child ?? all[all.findIndex((shard) => shard.ShardId === checkpoint.shardId) + 1]
    if (next?.ShardId === undefined) return false
    checkpoint = { streamArn, shardId: next.ShardId }
    writeFileWhole(checkpointFile, JSON.stringify(checkpoint))
    iterator = await iteratorAt(client, checkpoint, 'TRIM_HORIZON')
    return true
  }

  return {
    streamArn,
    shardId: () => checkpoint.shardId,
    async read() {
      for (;;) {
        iterator ??= await iteratorAt(client, checkpoint, 'TRIM_HORIZON')
        const place: string | undefined = iterator
        // Whatever becomes of this call, its iterator is used up.
        iterator = undefined
        const { Records = [], NextShardIterator } = await records
          .getRecords(place)
          .catch(async (error: unknown) => {
            if (!isStale(error)) throw error
            return records.getRecords(await iteratorAt(client, checkpoint, 'TRIM_HORIZON'))
          })
        // They are read again from the checkpoint until they are marked as done.
        if (Records.length > 0) return Records
        iterator = NextShardIterator
        if (iterator !== undefined || !(await nextShard())) return []
      }
    },
    markDone(sequenceNumber) {
      checkpoint = { ...checkpoint, sequenceNumber }
      writeFileWhole(checkpointFile, JSON.stringify(checkpoint))
    },
    close() {
      client.destroy()
      records.close()
    },
  }
}

async function streamOf(databaseUrl: string, tableName: string): Promise<string> {
  const client = new DynamoDBClient(localClientOptions(databaseUrl))
  const { Table } = await client.send(new DescribeTableCommand({ TableName: tableName }))
  client.destroy()
  if (Table?.LatestStreamArn === undefined) throw new Error(`the table ${tableName} has no stream`)
  return Table.LatestStreamArn
}

async function shardsOf(client: DynamoDBStreamsClient, streamArn: string): Promise<Shard[]> {
  const shards: Shard[] = []
  let last: string | undefined
  do {
    const { StreamDescription } = await client.send(
      new DescribeStreamCommand({ StreamArn: streamArn, ExclusiveStartShardId: last }),
    )
    shards.push(...(StreamDescription?.Shards ?? []))
    last = StreamDescription?.LastEvaluatedShardId
  } while (last !== undefined)
  return shards
}

async function iteratorAt(
  client: DynamoDBStreamsClient,
  { streamArn, shardId, sequenceNumber }: Checkpoint,
  otherwise: 'TRIM_HORIZON' | 'LATEST',
): Promise<string | undefined> {
  const place = { StreamArn: streamArn, ShardId: shardId }
  if (sequenceNumber !== undefined) {
    try {
      const behind = { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: sequenceNumber } as const
      return (await client.send(new GetShardIteratorCommand({ ...place, ...behind }))).ShardIterator
    } catch (error) {
      if (!isStale(error)) throw error
    }
  }
  return (await client.send(new GetShardIteratorCommand({ ...place, ShardIteratorType: otherwise })))
    .ShardIterator
}

/**
 * The place is no longer there. DynamoDB Local says so too of every iterator that was taken while the shard was empty, once
 * another table was written to: a new one finds the records.
 */
const isStale = (error: unknown): boolean =>
  error instanceof Error &&
  (error.name === 'TrimmedDataAccessException' || error.name === 'ExpiredIteratorException')

function readCheckpoint(file: string): Checkpoint | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Checkpoint) : undefined
}
