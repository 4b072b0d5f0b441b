import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib'
import {
  createNumberReader,
  createNumberWriter,
  type NumberReader,
  type NumberWriter,
} from './pack-numbers.ts'
import { packText, unpackText } from './pack-text.ts'

export type Leaf = string | number | boolean | null
/** Plain JSON; members that are undefined are left out, as JSON does. */
export type Plain = Leaf | undefined | Plain[] | { [name: string]: Plain }
export type PlainRow = { [name: string]: Plain }

const FORMAT = 1
/** The format, then how long the text and the numbers are. */
const START_BYTES = 9
/** More takes many times as long and saves little. */
const QUALITY = 5
const LARGEST_NUMBERS_BYTES = 64 * 1024 * 1024
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
/** The leading digits of a UUID are taken as a number; then comes its version, then what looks random. */
const UUID_NUMBER_DIGITS = 12
const UUID_RANDOM_DIGITS = 19
/** A telephone number as a rule: a text that reads back from its number. */
const DIGITS = /^(\+?)([1-9][0-9]{0,14})$/
/** From here on whole numbers are instants or numbering: near each other, so that their differences are short. */
const SMALLEST_DIFFERED = 1_000_000
/** The difference of two such, doubled, is a number without rounding. */
const LARGEST_NUMBER = 2 ** 50

/**
 * One leaf of all rows of a shape, in their order: `[0, value]` all the same; `[1, column]` written like an earlier column,
 * `[1, column, 1]` that one as texts; `[2, first, step]` counting; `[3]` numbers; `[4, first]` a number and the differences from
 * one to the next; `[5, offset, first, version]` UUIDs of one version, whose first 48 bits, in version 7 an instant, are such
 * differences, and whose last 76 stand in the tail; `[6, sign]` texts of digits behind a sign, as numbers; `[7, value …]` anything.
 */
type Column = Leaf[]

/** Rows of one structure: a JSON text with `0` for each leaf, and the leaves by column. */
type Shape = [template: string, count: number, columns: Column[]]
/** The shapes of a table, and which row has which where there are several. */
type Table = { shapes: Shape[]; order?: number[] }
type Text = { tables: Table[]; common: Plain }

type Writer = { numbers: NumberWriter; tail: Buffer[] }
type Reader = { numbers: NumberReader; tail: Buffer }

/**
 * Tables of plain JSON in as few bytes as they can be kept: leaf by leaf instead of row by row, so that what is the same in
 * many rows is written once, and numbers as bytes. Text and numbers are compressed each by itself; random bytes, which cannot be,
 * stand behind them in a tail. What was packed has to be readable forever.
 */
export function packColumns(tables: readonly (readonly PlainRow[])[], common: Plain): Uint8Array {
  const writer: Writer = { numbers: createNumberWriter(), tail: [] }
  const text = packText(JSON.stringify({ tables: tables.map((rows) => tableOf(rows, writer)), common }))
  const plain = writer.numbers.bytes()
  const numbers = brotliCompressSync(plain, {
    params: { [constants.BROTLI_PARAM_QUALITY]: QUALITY, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length },
  })
  const start = Buffer.alloc(START_BYTES)
  start.writeUInt8(FORMAT, 0)
  start.writeUInt32BE(text.length, 1)
  start.writeUInt32BE(numbers.length, 5)
  return Buffer.concat([start, text, numbers, ...writer.tail])
}

/** The tables as they were packed; throws on anything else. */
export function unpackColumns<Tables, Common>(packed: Uint8Array): { tables: Tables; common: Common } {
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.length)
  if (bytes[0] !== FORMAT) throw new Error(`columns were packed in format ${bytes[0]}, which is not known`)
  const textEnd = START_BYTES + bytes.readUInt32BE(1)
  const numbersEnd = textEnd + bytes.readUInt32BE(5)
  const { tables, common } = JSON.parse(unpackText(bytes.subarray(START_BYTES, textEnd))) as Text
  const numbers = brotliDecompressSync(bytes.subarray(textEnd, numbersEnd), {
    maxOutputLength: LARGEST_NUMBERS_BYTES,
  })
  const reader: Reader = { numbers: createNumberReader(numbers), tail: bytes.subarray(numbersEnd) }
  return { tables: tables.map((table) => rowsOfTable(table, reader)) as Tables, common: common as Common }
}

function tableOf(rows: readonly PlainRow[], writer: Writer): Table {
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
  return {
    shapes: [...shapes].map(([template, { leaves }]) => [template, leaves.length, columnsOf(leaves, writer)]),
    ...(shapes.size > 1 && { order }),
  }
}

function rowsOfTable({ shapes, order }: Table, reader: Reader): Plain[] {
  const rows = shapes.map(([template, count, columns]) =>
    rowsOf(JSON.parse(template), count, columns, reader),
  )
  const next = shapes.map(() => 0)
  return order?.map((shape) => rows[shape]![next[shape]!++]) ?? rows[0] ?? []
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

function columnsOf(rows: readonly Leaf[][], writer: Writer): Column[] {
  const known = new Map<string, number>()
  return rows[0]!.map((_, place) => {
    const values = rows.map((row) => row[place]!)
    if (values.every((value) => value === values[0])) return [0, values[0]!]
    const text = values.join('\n')
    const earlier = known.get(text)
    const column = earlier === undefined ? undefined : likeEarlier(rows, earlier, values)
    if (column) return column
    if (earlier === undefined) known.set(text, place)
    return columnOf(values, writer)
  })
}

function likeEarlier(rows: readonly Leaf[][], earlier: number, values: readonly Leaf[]): Column | undefined {
  if (rows.every((row, index) => row[earlier] === values[index])) return [1, earlier]
  const isText = rows.every((row, index) => `${row[earlier]}` === values[index])
  return isText ? [1, earlier, 1] : undefined
}

function columnOf(values: Leaf[], writer: Writer): Column {
  if (values.every(isNumber)) return numberColumn(values, writer)
  if (!values.every((value) => typeof value === 'string')) return [7, ...values]
  const column = values.every((value) => UUID.test(value))
    ? uuidColumn(values, writer)
    : digitColumn(values, writer)
  return column ?? [7, ...values]
}

function isNumber(value: Leaf): value is number {
  return Number.isInteger(value) && Math.abs(value as number) <= LARGEST_NUMBER
}

function numberColumn(values: readonly number[], { numbers }: Writer): Column {
  const [first, ...differences] = differencesOf(values)
  if (differences.every((difference) => difference === differences[0])) return [2, first!, differences[0]!]
  if (first! < SMALLEST_DIFFERED) {
    numbers.write(values)
    return [3]
  }
  numbers.write(differences)
  return [4, first!]
}

function uuidColumn(uuids: readonly string[], { numbers, tail }: Writer): Column | undefined {
  const digits = uuids.map((uuid) => uuid.replaceAll('-', ''))
  const version = digits[0]![UUID_NUMBER_DIGITS]!
  if (!digits.every((each) => each[UUID_NUMBER_DIGITS] === version)) return undefined
  const offset = tail.reduce((sum, { length }) => sum + length, 0)
  const random = digits.map((each) => each.slice(-UUID_RANDOM_DIGITS)).join('')
  tail.push(Buffer.from(random.length % 2 === 0 ? random : `${random}0`, 'hex'))
  const [first, ...differences] = differencesOf(
    digits.map((each) => Number.parseInt(each.slice(0, UUID_NUMBER_DIGITS), 16)),
  )
  numbers.write(differences)
  return [5, offset, first!, version]
}

function digitColumn(texts: readonly string[], { numbers }: Writer): Column | undefined {
  const found = texts.map((text) => DIGITS.exec(text))
  const sign = found[0]?.[1]
  if (!found.every((match) => match !== null && match[1] === sign)) return undefined
  numbers.write(found.map((match) => Number(match![2])))
  return [6, sign!]
}

/** The first value, and what each other is more than the one before it. */
function differencesOf(values: readonly number[]): number[] {
  return values.map((value, index) => value - (values[index - 1] ?? 0))
}

function sumsOf(first: number, differences: readonly number[]): number[] {
  let sum = first
  const sums = differences.map((difference) => {
    sum += difference
    return sum
  })
  return [first, ...sums]
}

function rowsOf(template: Plain, count: number, columns: readonly Column[], reader: Reader): Plain[] {
  const filled: Leaf[][] = []
  for (const column of columns) filled.push(valuesOf(column, count, filled, reader))
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

function valuesOf(
  column: Column,
  count: number,
  earlier: readonly Leaf[][],
  { numbers, tail }: Reader,
): Leaf[] {
  const [kind, ...said] = column
  const [one, other] = said as number[]
  switch (kind) {
    case 0:
      return Array.from({ length: count }, () => said[0]!)
    case 1:
      return said.length > 1 ? earlier[one!]!.map(String) : earlier[one!]!
    case 2:
      return Array.from({ length: count }, (_, index) => one! + index * other!)
    case 3:
      return numbers.read(count)
    case 4:
      return sumsOf(one!, numbers.read(count - 1))
    case 5:
      return uuidsOf(sumsOf(other!, numbers.read(count - 1)), String(said[2]), tail.subarray(one!))
    case 6:
      return numbers.read(count).map((number) => `${said[0]}${number}`)
    case 7:
      return said
    default:
      throw new Error(`a column of kind ${kind} is not known`)
  }
}

function uuidsOf(leading: readonly number[], version: string, tail: Buffer): string[] {
  const random = tail.toString('hex', 0, Math.ceil((leading.length * UUID_RANDOM_DIGITS) / 2))
  return leading.map((number, index) => {
    const start = number.toString(16).padStart(UUID_NUMBER_DIGITS, '0')
    const rest = version + random.slice(index * UUID_RANDOM_DIGITS, (index + 1) * UUID_RANDOM_DIGITS)
    const groups = [start.slice(0, 8), start.slice(8), rest.slice(0, 4), rest.slice(4, 8), rest.slice(8)]
    return groups.join('-')
  })
}
