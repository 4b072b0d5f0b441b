import { type Entry, genesisHash, hashEntry } from '../../functions/ledger/entry.ts'
import { unpackLot } from '../../functions/ledger/lot.ts'
import type { SimulatedTables, SimulationDatabase } from './database.ts'
import { readAttributes } from './database.ts'
import { LotBooks } from './lot-books.ts'
import { PAYMENT_KINDS } from './payment-kinds.ts'
import { require, units } from './require.ts'

/** What is kept of an entry that was seen once. */
export type SeenEntry = {
  sequence: bigint
  kind: string
  key: string
  amountMicros: bigint
  heldMicros: bigint
  hash: string
}

/** An entry as it was found, the item of the stream that tells of it, and what the client owed before it. */
export type NewEntry = { entry: Entry; image: Record<string, unknown>; owedBeforeMicros: bigint }

const entryKey = (sequence: bigint) => `ENTRY#${sequence.toString().padStart(12, '0')}`

/**
 * One account's books, kept beside the ledger: reads what is new in it and holds it to what was there before. What was seen once has to
 * stay: a later entry follows the very last one.
 */
export class AccountBooks {
  readonly accountId: string
  /** `A`, `B` …: for people. */
  readonly name: string
  readonly entries: SeenEntry[] = []
  readonly byKey = new Map<string, SeenEntry>()
  availableMicros = 0n
  heldMicros = 0n
  /** What the client owes. */
  owedMicros = 0n
  /** The available credit before and after each entry of this step. */
  recentAvailableMicros: bigint[] = [0n]
  private tip: string
  readonly lots = new LotBooks()
  /** Of each entry, what has been given back of it. */
  readonly undoneMicros = new Map<bigint, bigint>()

  constructor(accountId: string, name: string, currency: string) {
    this.accountId = accountId
    this.name = name
    this.tip = genesisHash(accountId, currency)
  }

  /** Everything that is new since the last time, in its order; throws the `Violation` of what does not add up. */
  async readNew(
    database: SimulationDatabase,
    tables: SimulatedTables,
    nowMilliseconds: number,
  ): Promise<NewEntry[]> {
    const pk = `ACCOUNT#${this.accountId}`
    const from = entryKey(BigInt(this.entries.length) + 1n)
    const items = await database.queryItems(tables.ledger, pk, from, 'HEAD')
    // Other items of the account stand between its entries and HEAD.
    const images = items.filter((item) => (item.sk as { S: string }).S.startsWith('ENTRY#'))
    const news = images.map((image) => {
      const entry = entryOf(image)
      const owedBeforeMicros = this.owedMicros
      this.fold(entry, nowMilliseconds)
      return { image, entry, owedBeforeMicros }
    })
    const head = readAttributes(items.at(-1) ?? {})
    const expected = {
      sequence: BigInt(this.entries.length),
      availableMicros: this.availableMicros,
      heldMicros: this.heldMicros,
      receivableMicros: this.owedMicros,
      tip: this.tip,
    }
    for (const [name, value] of Object.entries(expected))
      require(head[name] === value, () =>
        `${this.name}: HEAD has ${name} ${head[name]}, its entries ${value}`)
    await this.compareLots(head.lots as string[], () =>
      database.queryItems(tables.waiting, pk, 'LOT#', 'LOT#~~'),
    )
    return news
  }

  /** The lots that wait behind HEAD are read where those in HEAD are not all that is available. */
  private async compareLots(
    front: string[],
    readBehind: () => Promise<Record<string, unknown>[]>,
  ): Promise<void> {
    const kept = new Map(front.map(unpackLot).map(({ lot, remainingMicros }) => [lot, remainingMicros]))
    const frontMicros = [...kept.values()].reduce((sum, micros) => sum + micros, 0n)
    if (frontMicros !== this.availableMicros)
      for (const { lot, remainingMicros } of (await readBehind()).map(readAttributes))
        kept.set(lot as bigint, remainingMicros as bigint)
    this.lots.compare(this.name, kept)
  }

  private fold(entry: Entry, nowMilliseconds: number): void {
    const where = `${this.name} #${entry.sequence}`
    const { hash, ...unhashed } = entry
    const client = (account: string) => sumOf(entry, account)
    const availableMicros = this.availableMicros + client('client:available')
    const heldMicros = this.heldMicros + client('client:held')
    const owedMicros = this.owedMicros - sumOf(entry, 'receivable:payments')
    const sum = entry.postings.reduce((total, line) => total + line.amountMicros, 0n)
    require(entry.accountId === this.accountId, () => `${where}: is ${entry.accountId}'s`)
    require(entry.sequence === BigInt(this.entries.length) + 1n, () =>
      `${where}: follows #${this.entries.length}`)
    require(entry.previousHash === this.tip, () => `${where}: does not follow the entry before it`)
    require(hashEntry(unhashed) === hash, () => `${where}: its hash is not its own`)
    require(sum === 0n, () => `${where}: sums to ${units(sum)}`)
    require(availableMicros >= 0n && heldMicros >= 0n, () => `${where}: takes the balance below zero`)
    require(owedMicros >= 0n, () => `${where}: pays more than is owed`)
    const said = [
      entry.availableBeforeMicros,
      entry.availableAfterMicros,
      entry.heldBeforeMicros,
      entry.heldAfterMicros,
    ]
    const found = [this.availableMicros, availableMicros, this.heldMicros, heldMicros]
    require(said.every((micros, index) => micros === found[index]), () =>
      `${where}: says ${said.map(units)}, its entries sum to ${found.map(units)}`)
    require(entry.key === '' || !this.byKey.has(entry.key), () => `${where}: ${entry.key} was decided before`)

    this.lots.take(where, entry, nowMilliseconds)
    if (entry.reverses !== undefined && !PAYMENT_KINDS.includes(entry.kind))
      this.undo(where, entry.reverses, entry.amountMicros)

    const { sequence, kind, key, amountMicros } = entry
    const seen = { sequence, kind, key, amountMicros, heldMicros: client('client:held'), hash }
    this.entries.push(seen)
    if (key) this.byKey.set(key, seen)
    this.availableMicros = availableMicros
    this.heldMicros = heldMicros
    this.owedMicros = owedMicros
    this.tip = hash
    this.recentAvailableMicros.push(availableMicros)
  }

  /** However an entry is undone, and in how many parts: never more than it moved. */
  private undo(where: string, sequence: bigint, amountMicros: bigint): void {
    const moved = this.entries[Number(sequence) - 1]?.amountMicros ?? 0n
    const undone = (this.undoneMicros.get(sequence) ?? 0n) + amountMicros
    const isWithin = moved < 0n ? undone <= -moved : undone >= -moved
    require(isWithin, () =>
      `${where}: ${units(undone)} are given back of #${sequence}, which moved ${units(moved)}`)
    this.undoneMicros.set(sequence, undone)
  }

  /** From here on counts what is recent. */
  beginStep(): void {
    this.recentAvailableMicros = [this.availableMicros]
    this.lots.beginStep()
  }

  /** True when the credit was less than this at some time during the step. */
  wasBelow(micros: bigint): boolean {
    return this.recentAvailableMicros.some((available) => available < micros)
  }
}

/** What an entry moves on one account. */
export function sumOf(entry: Entry, account: string): bigint {
  return entry.postings
    .filter((line) => line.account === account)
    .reduce((sum, line) => sum + line.amountMicros, 0n)
}

function entryOf(image: Record<string, unknown>): Entry {
  const { pk, sk, ...entry } = readAttributes(image)
  return entry as Entry
}
