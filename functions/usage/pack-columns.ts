import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib'

export type Leaf = string | number | boolean | null
/** Plain JSON; members that are undefined are left out, as JSON does. */
export type Plain = Leaf | undefined | Plain[] | { [name: string]: Plain }

const FORMAT = 1
const START_BYTES = 5
/** More takes many times as long and saves little. */
const QUALITY = 5
const LARGEST_UNPACKED_BYTES = 64 * 1024 * 1024
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
/** The leading digits of a UUID that are taken as a number, and the bytes of the others. */
const UUID_NUMBER_DIGITS = 12
const UUID_TAIL_BYTES = 10
/** From here on whole numbers are instants or numbering: near each other, so that their differences are short. */
const SMALLEST_DIFFERED = 1_000_000

/**
 * One leaf of all rows of a shape, in their order: `[0, value]` all the same; `[1, column]` written like an earlier column,
 * `[1, column, 1]` that one as texts; `[2, first, step]` counting; `[3, first, difference …]`; `[4, offset, first, difference …]`
 * UUIDs, whose first 48 bits, in version 7 an instant, count as numbers, and whose other 80 stand in the tail; `[5, value …]`.
 */
type Column = Leaf[]

/** Rows of one structure: a JSON text with `0` for each leaf, and the leaves by column. */
type Shape = [template: string, count: number, columns: Column[]]
/** The shapes, which row has which where there are several, and what is said once for all rows. */
type Packed = { shapes: Shape[]; order?: number[]; common: Plain }

/**
 * Rows of plain JSON in as few bytes as they can be kept: leaf by leaf instead of row by row, so that what is the same in
 * many rows is written once, then compressed (Brotli). Random bytes, which cannot be, stand behind that in a tail. The
 * first byte names the format, four say how long the compressed part is. What was packed has to be readable forever.
 */
export function packColumns(rows: readonly { [name: string]: Plain }[], common: Plain): Uint8Array {
  const shapes = new Map<string, { index: number; leaves: Leaf[][] }>()
  const order: number[] = []
  for (const row of rows) {
    const leaves: Leaf[] = []
    const template = takeLeaves(row, leaves)
    let shape = shapes.get(template)
    if (!shape) {
      shape = { index: shapes.size, leaves: [] }
      shapes.set(template, shape)
    }
    shape.leaves.push(leaves)
    order.push(shape.index)
  }
  const tail: Buffer[] = []
  const packed: Packed = {
    shapes: [...shapes].map(([template, { leaves }]) => [template, leaves.length, columnsOf(leaves, tail)]),
    ...(shapes.size > 1 && { order }),
    common,
  }
  const text = Buffer.from(JSON.stringify(packed))
  const bytes = brotliCompressSync(text, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: QUALITY,
      [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
      [constants.BROTLI_PARAM_SIZE_HINT]: text.length,
    },
  })
  const start = Buffer.alloc(START_BYTES)
  start.writeUInt8(FORMAT, 0)
  start.writeUInt32BE(bytes.length, 1)
  return Buffer.concat([start, bytes, ...tail])
}

/** The rows as they were packed; throws on anything else. */
export function unpackColumns<Row, Common>(packed: Uint8Array): { rows: Row[]; common: Common } {
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.length)
  if (bytes[0] !== FORMAT) throw new Error(`columns were packed in format ${bytes[0]}, which is not known`)
  const end = START_BYTES + bytes.readUInt32BE(1)
  const text = brotliDecompressSync(bytes.subarray(START_BYTES, end), {
    maxOutputLength: LARGEST_UNPACKED_BYTES,
  })
  const tail = bytes.subarray(end)
  const { shapes, order, common } = JSON.parse(text.toString('utf8')) as Packed
  const readers = shapes.map(([template, count, columns]) =>
    rowsOf(JSON.parse(template), count, columns, tail),
  )
  const next = shapes.map(() => 0)
  const rows = order?.map((shape) => readers[shape]![next[shape]!++]) ?? readers[0] ?? []
  return { rows: rows as Row[], common: common as Common }
}

/** Adds the leaves of a value to the list and answers its structure. */
function takeLeaves(value: Plain, leaves: Leaf[]): string {
  if (typeof value !== 'object' || value === null) {
    leaves.push(value as Leaf)
    return '0'
  }
  let inner = ''
  if (Array.isArray(value)) {
    for (const each of value) inner += `${inner && ','}${takeLeaves(each, leaves)}`
    return `[${inner}]`
  }
  for (const name in value) {
    const member = value[name]
    if (member !== undefined) inner += `${inner && ','}${JSON.stringify(name)}:${takeLeaves(member, leaves)}`
  }
  return `{${inner}}`
}

function columnsOf(rows: readonly Leaf[][], tail: Buffer[]): Column[] {
  const known = new Map<string, number>()
  return rows[0]!.map((_, place) => {
    const values = rows.map((row) => row[place]!)
    if (values.every((value) => value === values[0])) return [0, values[0]!]
    const text = values.join('\n')
    const earlier = known.get(text)
    const column = earlier === undefined ? undefined : likeEarlier(rows, earlier, values)
    if (column) return column
    if (earlier === undefined) known.set(text, place)
    return columnOf(values, tail)
  })
}

function likeEarlier(rows: readonly Leaf[][], earlier: number, values: readonly Leaf[]): Column | undefined {
  if (rows.every((row, index) => row[earlier] === values[index])) return [1, earlier]
  const isText = rows.every((row, index) => `${row[earlier]}` === values[index])
  return isText ? [1, earlier, 1] : undefined
}

function columnOf(values: Leaf[], tail: Buffer[]): Column {
  if (values.every((value) => typeof value === 'string' && UUID.test(value)))
    return uuidColumn(values as string[], tail)
  if (!values.every((value) => Number.isSafeInteger(value))) return [5, ...values]
  const [first, ...differences] = differencesOf(values as number[])
  if (differences.every((difference) => difference === differences[0])) return [2, first!, differences[0]!]
  return first! >= SMALLEST_DIFFERED ? [3, first!, ...differences] : [5, ...values]
}

function uuidColumn(uuids: readonly string[], tail: Buffer[]): Column {
  const offset = tail.reduce((sum, { length }) => sum + length, 0)
  const digits = uuids.map((uuid) => uuid.replaceAll('-', ''))
  tail.push(Buffer.from(digits.map((each) => each.slice(UUID_NUMBER_DIGITS)).join(''), 'hex'))
  return [
    4,
    offset,
    ...differencesOf(digits.map((each) => Number.parseInt(each.slice(0, UUID_NUMBER_DIGITS), 16))),
  ]
}

/** The first value, and what each other is more than the one before it. */
function differencesOf(values: readonly number[]): number[] {
  return values.map((value, index) => value - (values[index - 1] ?? 0))
}

function sumsOf(differences: readonly number[]): number[] {
  let sum = 0
  return differences.map((difference) => {
    sum += difference
    return sum
  })
}

function rowsOf(template: Plain, count: number, columns: readonly Column[], tail: Buffer): Plain[] {
  const filled: Leaf[][] = []
  for (const column of columns) filled.push(valuesOf(column, count, filled, tail))
  return Array.from({ length: count }, (_, row) => {
    let place = 0
    const fill = (value: Plain): Plain => {
      if (Array.isArray(value)) return value.map(fill)
      if (typeof value === 'object' && value !== null)
        return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, fill(member)]))
      return filled[place++]![row]!
    }
    return fill(template)
  })
}

function valuesOf(column: Column, count: number, earlier: readonly Leaf[][], tail: Buffer): Leaf[] {
  const [kind, ...said] = column
  const numbers = said as number[]
  switch (kind) {
    case 0:
      return Array.from({ length: count }, () => said[0]!)
    case 1: {
      const values = earlier[numbers[0]!]!
      return said.length > 1 ? values.map(String) : values
    }
    case 2:
      return Array.from({ length: count }, (_, index) => numbers[0]! + index * numbers[1]!)
    case 3:
      return sumsOf(numbers)
    case 4:
      return uuidsOf(numbers, tail)
    case 5:
      return said
    default:
      throw new Error(`a column of kind ${kind} is not known`)
  }
}

function uuidsOf([offset, ...differences]: number[], tail: Buffer): string[] {
  return sumsOf(differences).map((number, index) => {
    const from = offset! + index * UUID_TAIL_BYTES
    const rest = tail.subarray(from, from + UUID_TAIL_BYTES).toString('hex')
    const start = number.toString(16).padStart(UUID_NUMBER_DIGITS, '0')
    const groups = [start.slice(0, 8), start.slice(8), rest.slice(0, 4), rest.slice(4, 8), rest.slice(8)]
    return groups.join('-')
  })
}
