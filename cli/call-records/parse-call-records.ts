import { createHash } from 'node:crypto'
import { type CsvRow, readCsv } from '../../functions/prices/read-csv.ts'
import type { CallRecord } from './call-record.ts'
import { type Field, KNOWN_LAYOUTS, type Layout, recogniseLayout } from './layouts.ts'
import { isTimeZone, readLocalTime } from './local-time.ts'
import { type SetAside, settleRepeats } from './settle-repeats.ts'

export type BadLine = { line: number; column: string; value: string; detail: string }

export type CallRecords =
  | {
      ok: true
      layout: string
      lines: number
      records: CallRecord[]
      badLines: BadLine[]
      setAside: SetAside[]
    }
  | { ok: false; reason: 'layout_unknown' | 'time_zone_unknown' | 'file_empty'; detail: string }

const LONGEST_CALL_SECONDS = 31_622_400

/**
 * Reads the call records that Asterisk and FreeSWITCH write as CSV. Every line is accounted for: it is a record, a bad
 * line, or set aside with the reason (a call that stands there again is charged once). Times are wall-clock times of
 * `timeZone`, UTC by default. A file of another layout is refused with what was seen.
 */
export function parseCallRecords(text: string, { timeZone = 'UTC' } = {}): CallRecords {
  if (!isTimeZone(timeZone))
    return {
      ok: false,
      reason: 'time_zone_unknown',
      detail: `"${timeZone}" is not a time zone such as "Europe/Berlin"`,
    }
  const { rows, broken } = readCsv(text)
  const badLines: BadLine[] = broken
    ? [{ line: broken.line, column: '', value: '', detail: broken.detail }]
    : []
  const first = rows[0]
  if (!first && !broken) return { ok: false, reason: 'file_empty', detail: 'the file has no lines' }
  const recognised = recogniseLayout(rows.map((row) => row.cells))
  if (!recognised) return { ok: false, reason: 'layout_unknown', detail: describe(first) }

  const { layout, headed } = recognised
  const read: { record: CallRecord; cells: readonly string[] }[] = []
  const lines = headed ? rows.slice(1) : rows
  for (const row of lines) {
    const record = readRecord(row, layout, timeZone, badLines)
    if (record) read.push({ record, cells: row.cells })
  }
  const { records, setAside } = settleRepeats(read)
  badLines.sort((one, other) => one.line - other.line)
  return { ok: true, layout: layout.name, lines: lines.length, records, badLines, setAside }
}

function describe(first: CsvRow | undefined): string {
  const seen = first
    ? `line ${first.line} has ${first.cells.length} columns, beginning "${first.cells.slice(0, 3).join(',').slice(0, 60)}"`
    : 'no line could be read'
  return `these are not call records of a known layout: ${seen}. Known: ${KNOWN_LAYOUTS}.`
}

function readRecord({ line, cells }: CsvRow, layout: Layout, timeZone: string, badLines: BadLine[]) {
  const cell = (field: Field) => cells[layout.positions.get(field) ?? -1]?.trim() ?? ''
  const bad = (column: Field | '', detail: string) =>
    void badLines.push({ line, column, value: column && cell(column).slice(0, 80), detail })
  const least = Math.max(
    ...(['start', 'billsec', 'destination'] as const).map((field) => layout.positions.get(field)!),
  )
  if (cells.length <= least) return bad('', `has ${cells.length} columns, too few for ${layout.name}`)

  const startedAt = readLocalTime(cell('start'), timeZone)
  if (!startedAt) return bad('start', 'must be a time such as 2026-11-03 10:15:00')
  const answeredAt = cell('answer') === '' ? undefined : readLocalTime(cell('answer'), timeZone)
  if (cell('answer') !== '' && !answeredAt)
    return bad('answer', 'must be a time, or empty when nobody answered')
  if (!isSeconds(cell('billsec')))
    return bad('billsec', `must be whole seconds from 0 to ${LONGEST_CALL_SECONDS}`)
  const billableSeconds = Number(cell('billsec'))
  if (billableSeconds > 0 && !answeredAt && layout.positions.has('answer'))
    return bad('billsec', 'has billable seconds for a call that nobody answered')
  const endedAt = readEnd(cell, startedAt, timeZone)
  if (!endedAt) return bad('end', 'must be a time such as 2026-11-03 10:15:00')
  if (answeredAt && answeredAt < startedAt) return bad('answer', 'is before the start')
  if (endedAt < (answeredAt ?? startedAt)) return bad('end', 'is before the start or the answer')

  const accountCode = cell('accountcode')
  const record: CallRecord = {
    id: '',
    startedAt,
    ...(answeredAt && { answeredAt }),
    endedAt,
    billableSeconds,
    caller: cell('caller'),
    destination: readDestination(cell, layout),
    disposition: cell('disposition'),
    ...(accountCode && { accountCode }),
    line,
  }
  record.id = identify(record, cell, layout)
  return record
}

/**
 * A call that FreeSWITCH itself placed (`originate`) has the application that it was connected to as destination, such as
 * `&park()` or `&` alone; its caller is then named "Outbound Call", and the caller's number is the number that was called.
 */
function readDestination(cell: (field: Field) => string, { exchange }: Layout): string {
  const isPlaced = cell('destination').startsWith('&') && cell('callername') === 'Outbound Call'
  return exchange === 'freeswitch' && isPlaced ? cell('caller') : cell('destination')
}

function isSeconds(text: string): boolean {
  return /^\d{1,9}$/.test(text) && Number(text) <= LONGEST_CALL_SECONDS
}

/** Some exports have the duration but not the end. */
function readEnd(cell: (field: Field) => string, startedAt: string, timeZone: string): string | undefined {
  if (cell('end') !== '') return readLocalTime(cell('end'), timeZone)
  if (!isSeconds(cell('duration'))) return undefined
  return new Date(Date.parse(startedAt) + Number(cell('duration')) * 1000).toISOString()
}

/**
 * FreeSWITCH gives every leg a uuid; Asterisk's uniqueid and sequence together name one record. Without a sequence
 * several legs of an Asterisk call share the uniqueid (one per Dial, ForkCDR …), so that a digest of what is billed tells
 * them apart; without a uniqueid the digest is all there is.
 */
function identify(record: CallRecord, cell: (field: Field) => string, { exchange }: Layout): string {
  const uniqueId = cell('uniqueid')
  if (uniqueId && exchange === 'freeswitch') return uniqueId
  if (uniqueId && cell('sequence')) return `${uniqueId}-${cell('sequence')}`
  const { startedAt, answeredAt, billableSeconds, caller, destination } = record
  const billed = [
    startedAt,
    answeredAt,
    billableSeconds,
    caller,
    destination,
    cell('channel'),
    cell('dstchannel'),
  ]
  const digest = createHash('sha256').update(JSON.stringify(billed)).digest('hex').slice(0, 16)
  return `${uniqueId || 'call'}-${digest}`
}
