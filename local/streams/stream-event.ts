import type { StreamRecord } from './stream-reader.ts'

/** A record as Lambda hands it to a function: the time in seconds. */
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
      ...change,
    },
    eventSourceARN,
  }
}
