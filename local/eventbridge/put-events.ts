import { randomUUID } from 'node:crypto'
import { AwsError, type JsonObject } from '../aws-json.ts'
import type { BusEvent } from './bus.types.ts'

/** All entries of a request together: 1 MB (256 KB in earlier years). */
const longestRequestBytes = 1_048_576
const mostEntries = 10

export type BusPlace = { region: string; accountId: string; busNames: ReadonlySet<string> }

/** An entry's verdict: the event and its bus, or the error of that entry alone. */
export type EntryResult = { event: BusEvent; busName: string } | { code: string; message: string }

/**
 * Judges each entry of a PutEvents request for itself; throws an AwsError when the request as a whole is refused. `clock` dates
 * events that carry no time.
 */
export function parsePutEvents(input: JsonObject, place: BusPlace, clock: Date): EntryResult[] {
  const entries = (Array.isArray(input.Entries) ? input.Entries : []) as JsonObject[]
  if (entries.length < 1 || entries.length > mostEntries) {
    throw new AwsError(
      'ValidationException',
      `1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length between 1 and ${mostEntries}.`,
    )
  }
  if (entries.reduce((sum, entry) => sum + entrySizeBytes(entry), 0) > longestRequestBytes) {
    throw new AwsError('ValidationException', 'Total size of the entries in the request is over the limit.')
  }
  return entries.map((entry) => parseEntry(entry, place, clock))
}

function parseEntry(entry: JsonObject, place: BusPlace, clock: Date): EntryResult {
  for (const name of ['Source', 'DetailType', 'Detail']) {
    if (typeof entry[name] !== 'string' || entry[name] === '') {
      return invalid(`Parameter ${name} is not valid. Reason: ${name} is a required argument.`)
    }
  }
  const source = entry.Source as string
  if (source.startsWith('aws.')) {
    return { code: 'NotAuthorizedForSourceException', message: 'Not authorized for the source.' }
  }
  const detail = parseDetail(entry.Detail as string)
  if (!detail) return { code: 'MalformedDetail', message: 'Detail is malformed.' }
  const busName = String(entry.EventBusName ?? 'default')
    .split('/')
    .at(-1)!
  if (!place.busNames.has(busName)) {
    return { code: 'ResourceNotFoundException', message: `Event bus ${busName} does not exist.` }
  }
  const time = typeof entry.Time === 'number' ? new Date(entry.Time * 1000) : clock
  const resources = Array.isArray(entry.Resources) ? (entry.Resources as string[]) : []
  const said = { source, detailType: entry.DetailType as string, detail, resources }
  return { event: envelope(said, place, time), busName }
}

/** An event as rules see it. */
export function envelope(
  said: { source: string; detailType: string; detail: Record<string, unknown>; resources?: string[] },
  { accountId, region }: BusPlace,
  time: Date,
): BusEvent {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': said.detailType,
    source: said.source,
    account: accountId,
    time: time.toISOString().replace(/\.\d+Z$/, 'Z'),
    region,
    resources: said.resources ?? [],
    detail: said.detail,
  }
}

function parseDetail(detail: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(detail)
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
      return parsed as Record<string, unknown>
  } catch {
    // not JSON: malformed like any other text
  }
  return undefined
}

/** Counted as EventBridge documents it: 14 bytes for a time, and the UTF-8 length of the texts. */
function entrySizeBytes(entry: JsonObject): number {
  const texts = [
    entry.Source,
    entry.DetailType,
    entry.Detail,
    ...(Array.isArray(entry.Resources) ? entry.Resources : []),
  ]
  const timeBytes = entry.Time === undefined ? 0 : 14
  return texts.reduce<number>((sum, text) => sum + Buffer.byteLength(String(text ?? ''), 'utf8'), timeBytes)
}

function invalid(message: string): EntryResult {
  return { code: 'InvalidArgument', message }
}
