import type { StreamRecord } from './stream-reader.ts'

/** A record as Lambda hands it to a function: binary values in base64, the time in seconds. */
export function lambdaRecord(
  record: StreamRecord,
  eventSourceARN: string,
  awsRegion: string,
): Record<string, unknown> {
  const { ApproximateCreationDateTime: _real, ...change } = record.dynamodb ?? {}
  return {
    eventID: record.eventID,
    eventName: record.eventName,
    eventVersion: record.eventVersion,
    eventSource: 'aws:dynamodb',
    awsRegion,
    dynamodb: {
      // The database keeps real time; the stack's own is nearer to when the writer thought it wrote.
      ApproximateCreationDateTime: Math.floor(Date.now() / 1000),
      ...(withBase64(change) as Record<string, unknown>),
    },
    eventSourceARN,
  }
}

function withBase64(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (Array.isArray(value)) return value.map(withBase64)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, part]) => part !== undefined)
      .map(([key, part]) => [key, withBase64(part)]),
  )
}
