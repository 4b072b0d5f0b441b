/** What a column of a call record means, whatever the exchange calls it. */
export type Field =
  | 'caller'
  | 'callername'
  | 'destination'
  | 'start'
  | 'answer'
  | 'end'
  | 'duration'
  | 'billsec'
  | 'disposition'
  | 'accountcode'
  | 'uniqueid'
  | 'sequence'
  | 'channel'
  | 'dstchannel'

/** Where each field stands in a row. */
export type Layout = { name: string; exchange: 'asterisk' | 'freeswitch'; positions: Map<Field, number> }

/**
 * Rows without a header are told apart by where the three times and two durations stand together:
 * - Asterisk cdr_csv.c: accountcode, src, dst, dcontext, clid, channel, dstchannel, lastapp, lastdata, start, answer, end,
 *   duration, billsec, disposition, amaflags, then as configured uniqueid, userfield, and peeraccount, linkedid, sequence;
 * - Asterisk cdr_custom.conf's sample mapping: clid first, accountcode after amaflags, then uniqueid, userfield, sequence;
 * - FreeSWITCH mod_cdr_csv's example template (and snom, linksys, which append to it).
 * FreeSWITCH's own "asterisk" template has the columns of cdr_csv with its uuid as uniqueid.
 */
const POSITIONAL = [
  {
    name: 'Asterisk cdr_csv',
    exchange: 'asterisk',
    start: 9,
    least: 16,
    fields: { accountcode: 0, caller: 1, destination: 2, channel: 5, dstchannel: 6, disposition: 14 },
  },
  {
    name: 'Asterisk cdr_custom',
    exchange: 'asterisk',
    start: 8,
    least: 16,
    fields: {
      caller: 1,
      destination: 2,
      channel: 4,
      dstchannel: 5,
      disposition: 13,
      accountcode: 15,
      uniqueid: 16,
      sequence: 18,
    },
  },
  {
    name: 'FreeSWITCH mod_cdr_csv',
    exchange: 'freeswitch',
    start: 4,
    least: 11,
    fields: { callername: 0, caller: 1, destination: 2, disposition: 9, uniqueid: 10, accountcode: 12 },
  },
] as const satisfies {
  name: string
  exchange: Layout['exchange']
  start: number
  least: number
  fields: Partial<Record<Field, number>>
}[]

/** The names that a header line may have for a field: Asterisk's and FreeSWITCH's variables, and the usual database's. */
const NAMES: Record<Field, readonly string[]> = {
  caller: ['src', 'caller_id_number', 'source'],
  callername: ['caller_id_name'],
  destination: ['dst', 'destination_number', 'destination'],
  start: ['start', 'start_stamp', 'calldate', 'start_timestamp'],
  answer: ['answer', 'answer_stamp', 'answer_timestamp'],
  end: ['end', 'end_stamp', 'end_timestamp'],
  duration: ['duration'],
  billsec: ['billsec'],
  disposition: ['disposition', 'hangup_cause'],
  accountcode: ['accountcode'],
  uniqueid: ['uniqueid', 'uuid'],
  sequence: ['sequence'],
  channel: ['channel', 'channel_name'],
  dstchannel: ['dstchannel', 'bridge_channel'],
}
const NEEDED = ['destination', 'start', 'billsec'] as const

const TIME = /^\d{4}[-/]\d{1,2}[-/]\d{1,2}[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?$/
const UNIQUE_ID = /^(?:.*\d+\.\d+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$/
const ROWS_LOOKED_AT = 50

export const KNOWN_LAYOUTS =
  'Asterisk Master.csv of cdr_csv (16 to 21 columns) or cdr_custom (18 or 19), FreeSWITCH Master.csv of mod_cdr_csv ' +
  '(15 columns, more with other templates), or any columns under a header line with at least a destination (dst, ' +
  'destination_number), a start time (start, start_stamp, calldate) and billsec'

/** Finds out the layout from the first rows; `headed` tells that the first of them is a header. */
export function recogniseLayout(
  rows: readonly (readonly string[])[],
): { layout: Layout; headed: boolean } | undefined {
  const header = readHeader(rows[0] ?? [])
  if (header) return { layout: header, headed: true }
  const looked = rows.slice(0, ROWS_LOOKED_AT)
  let best: { count: number; layout: Layout } | undefined
  for (const candidate of POSITIONAL) {
    const matching = looked.filter(
      (cells) => cells.length >= candidate.least && hasTimesAt(cells, candidate.start),
    )
    if (matching.length > (best?.count ?? 0))
      best = { count: matching.length, layout: place(candidate, matching) }
  }
  return best && { layout: best.layout, headed: false }
}

function hasTimesAt(cells: readonly string[], start: number): boolean {
  const [begun, answered, ended, duration, billed] = cells.slice(start, start + 5).map((cell) => cell.trim())
  const whole = /^\d+(?:\.\d+)?$/
  return (
    TIME.test(begun ?? '') &&
    (answered === '' || TIME.test(answered ?? '')) &&
    TIME.test(ended ?? '') &&
    whole.test(duration ?? '') &&
    whole.test(billed ?? '')
  )
}

function place(candidate: (typeof POSITIONAL)[number], matching: readonly (readonly string[])[]): Layout {
  const { name, exchange, start } = candidate
  const times = { start, answer: start + 1, end: start + 2, duration: start + 3, billsec: start + 4 }
  const optional = name === 'Asterisk cdr_csv' ? optionalColumns(matching[0]!) : {}
  const all: Partial<Record<Field, number>> = { ...candidate.fields, ...times, ...optional }
  return { name, exchange, positions: new Map(Object.entries(all) as [Field, number][]) }
}

/** cdr.conf's loguniqueid and loguserfield add a column each; newcdrcolumns adds three, the last of them the sequence. */
function optionalColumns(cells: readonly string[]): Partial<Record<Field, number>> {
  const withoutSequence = cells.length >= 19 ? cells.length - 3 : cells.length
  return {
    ...(cells.length >= 19 && { sequence: cells.length - 1 }),
    ...(withoutSequence >= 17 && UNIQUE_ID.test(cells[16]!.trim()) && { uniqueid: 16 }),
  }
}

function readHeader(cells: readonly string[]): Layout | undefined {
  const positions = new Map<Field, number>()
  for (const [position, cell] of cells.entries()) {
    const name = cell
      .trim()
      .toLowerCase()
      .replace(/^\$\{(.*)\}$/, '$1')
    for (const field of Object.keys(NAMES) as Field[])
      if (NAMES[field].includes(name) && !positions.has(field)) positions.set(field, position)
  }
  if (!NEEDED.every((field) => positions.has(field))) return undefined
  const exchange = cells.some((cell) => /\buuid\b|_stamp/i.test(cell)) ? 'freeswitch' : 'asterisk'
  return { name: `${exchange === 'freeswitch' ? 'FreeSWITCH' : 'Asterisk'} by header`, exchange, positions }
}
