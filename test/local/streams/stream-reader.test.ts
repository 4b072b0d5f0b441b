import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openStreamReader } from '../../../local/streams/stream-reader.ts'

let folder: string
let server: Server
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drawdown-stream-'))
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  rmSync(folder, { recursive: true })
})

/** Answers as DynamoDB Local does: an iterator of a shard that was empty is called trimmed as soon as there are records. */
async function startDatabase(): Promise<{ url: string; write(): void }> {
  let written = false
  const answers: Record<string, (input: { ShardIterator?: string }) => object> = {
    DescribeTable: () => ({ Table: { LatestStreamArn: 'stream-1' } }),
    DescribeStream: () => ({ StreamDescription: { Shards: [{ ShardId: 'shard-1' }] } }),
    GetShardIterator: () => ({ ShardIterator: written ? 'fresh' : 'of-an-empty-shard' }),
    GetRecords: ({ ShardIterator }) => {
      if (!written) return { Records: [], NextShardIterator: ShardIterator }
      if (ShardIterator === 'fresh') return { Records: [{ dynamodb: { SequenceNumber: '7' } }] }
      return { __type: 'com.amazonaws.dynamodb.v20120810#TrimmedDataAccessException' }
    },
  }
  server = createServer(async (request, response) => {
    const body = (await request.toArray()).join('')
    const operation = String(request.headers['x-amz-target']).split('.').at(-1)!
    const answer = answers[operation]!(JSON.parse(body))
    response.writeHead('__type' in answer ? 400 : 200, { 'content-type': 'application/x-amz-json-1.0' })
    response.end(JSON.stringify(answer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, write: () => (written = true) }
}

it('reads the first records of a stream whose place before them went stale, as in DynamoDB Local', async () => {
  const database = await startDatabase()
  const reader = await openStreamReader({
    databaseUrl: database.url,
    tableName: 'LedgerTable',
    checkpointFile: join(folder, 'checkpoint.json'),
    startingPosition: 'TRIM_HORIZON',
  })
  expect(await reader.read()).toEqual([])
  database.write()
  expect(await reader.read()).toEqual([{ dynamodb: { SequenceNumber: '7' } }])
  reader.close()
})
