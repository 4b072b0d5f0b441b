import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'

/** A record as the database writes it in JSON: binary values in base64. */
export type StreamRecord = {
  eventID?: string
  eventName?: string
  eventVersion?: string
  dynamodb?: { SequenceNumber?: string; ApproximateCreationDateTime?: number; [part: string]: unknown }
}

export type RecordsPage = { Records?: StreamRecord[]; NextShardIterator?: string }

export type RecordsReader = {
  /** What follows an iterator. Throws an error that has the name which the database gives it. */
  getRecords(ShardIterator: string | undefined): Promise<RecordsPage>
  close(): void
}

const HEADERS = {
  'content-type': 'application/x-amz-json-1.0',
  'x-amz-target': 'DynamoDBStreams_20120810.GetRecords',
  // Signed in form: a database on this machine asks for no more.
  'x-amz-date': '20260101T000000Z',
  authorization:
    'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=none',
}

/**
 * Reads records over a connection that stays open. A stack at rest asks for them all the time, and around an answer that is empty the
 * SDK's client does several times the work of the database.
 */
export function openRecordsReader(databaseUrl: string): RecordsReader {
  const agent = new Agent({ keepAlive: true })

  async function getRecords(ShardIterator: string | undefined): Promise<RecordsPage> {
    const { status, body } = await post(JSON.stringify({ ShardIterator, Limit: 1000 }))
    const answer = JSON.parse(body) as RecordsPage & { __type?: string; message?: string }
    if (status === 200) return answer
    const error = new Error(answer.message ?? body)
    error.name = answer.__type?.split('#').at(-1) ?? `status ${status}`
    throw error
  }

  async function post(body: string): Promise<{ status: number; body: string }> {
    const headers = { ...HEADERS, 'content-length': Buffer.byteLength(body) }
    const asking = request(databaseUrl, { method: 'POST', agent, headers })
    try {
      return await new Promise((resolve, reject) => {
        asking.once('error', reject).once('response', (response) => {
          text(response).then((answer) => resolve({ status: response.statusCode ?? 0, body: answer }), reject)
        })
        asking.end(body)
      })
    } catch (error) {
      // The database had just closed the connection that was kept: it has not read this yet.
      if (asking.reusedSocket && (error as { code?: string }).code === 'ECONNRESET') return post(body)
      throw error
    }
  }

  return { getRecords, close: () => agent.destroy() }
}
