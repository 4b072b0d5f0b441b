import { hashOf, type Json } from '../../functions/ledger/canonical-json.ts'
import { AVAILABLE, genesisHash, HELD } from '../../functions/ledger/entry.ts'
import type { ChainPoint } from '../../functions/proof/statement-proof.ts'
import { type ProofFile, quote, WHOLE_NUMBER } from './read-proof-file.ts'

/** More say no more: whoever changed a file much is told so by the first of them. */
const MOST_FAULTS = 10

/** What has been checked so far of a statement that comes in one file or several. */
export type Verification = {
  accountId: string
  currency: string
  /** Where the statement begins: the account's beginning, or an entry that it comes after. */
  opening: ChainPoint
  /** Where the chain stands by now. */
  position: ChainPoint
  /** The newest tip that a file names. */
  tip: ChainPoint
  linesChecked: number
  /** What is left of each lot of credit; known when the statement begins with the account's first entry. */
  lots: Map<string, { availableMicros: bigint; heldMicros: bigint }> | undefined
  /** Tips that files name, by number: entries to come have to agree. */
  waitingTips: Map<string, ChainPoint>
  /** A tip that was noted at another time, and the entry whose hash it is. */
  noted?: { hash: string; foundAt?: string }
  faults: string[]
}

/** Begins with the first file; nothing of it has been checked then but that it is one account's from one place on. */
export function beginVerification(first: ProofFile, notedTip?: string): Verification {
  const { accountId, currency, opening } = first
  const verification: Verification = {
    ...{ accountId, currency, opening, position: opening, tip: first.tip, linesChecked: 0 },
    lots: opening.sequence === '0' ? new Map() : undefined,
    waitingTips: new Map(),
    noted: notedTip === undefined ? undefined : { hash: notedTip },
    faults: [],
  }
  if (genesisHash(accountId, currency) !== first.genesisHash)
    verification.faults.push('genesisHash does not fit accountId and currency')
  if (opening.sequence === '0') {
    const start = { sequence: '0', hash: first.genesisHash, availableMicros: '0', heldMicros: '0' }
    verification.faults.push(...differences('the opening', opening, 'the beginning of an account', start))
  }
  notePosition(verification)
  return verification
}

/** Checks a file's entries on top of what was checked before. Files come in the order of their entries, without gaps. */
export function verifyPage(verification: Verification, page: ProofFile): void {
  const { faults } = verification
  const isSame = page.accountId === verification.accountId && page.currency === verification.currency
  if (!isSame) faults.push(`a file is of account ${quote(page.accountId)}, another is not`)
  if (isSame && page.genesisHash !== genesisHash(page.accountId, page.currency))
    note(verification, 'genesisHash does not fit accountId and currency')
  if (page.opening.sequence !== verification.position.sequence) {
    const from = `a file goes on after entry ${page.opening.sequence}`
    faults.push(
      `${from}, the one before it ends with entry ${verification.position.sequence}: name them in order`,
    )
  } else {
    faults.push(...differences('the opening', page.opening, 'what is before it', verification.position))
  }
  const sameTip = verification.waitingTips.get(page.tip.sequence) ?? page.tip
  faults.push(...differences('the tip of a file', page.tip, 'that of another', sameTip))
  verification.tip = page.tip
  verification.waitingTips.set(page.tip.sequence, page.tip)
  notePosition(verification)
  for (const entry of page.entries) {
    if (faults.length >= MOST_FAULTS) return
    if (!verifyEntry(verification, entry)) return
  }
  if (page.next !== undefined && page.next !== verification.position.sequence)
    faults.push(`next is ${page.next}, the file ends with entry ${verification.position.sequence}`)
}

/** What is left to check when all files were read. */
export function endVerification({ faults, position, tip, noted, waitingTips }: Verification): void {
  if (faults.length > 0) return
  for (const { sequence } of waitingTips.values()) {
    if (sequence === tip.sequence) continue
    faults.push(`a file names a tip at entry ${sequence}, which is not among the lines`)
  }
  if (position.sequence !== tip.sequence) {
    const ends = `it ends with entry ${position.sequence}, and its tip is entry ${tip.sequence}`
    faults.push(
      BigInt(position.sequence) < BigInt(tip.sequence)
        ? `${ends}: lines are missing at its end`
        : `${ends}: HEAD was set back, or the file was put together of several`,
    )
  }
  if (noted && noted.foundAt === undefined) {
    faults.push(
      `no entry of it has the noted tip ${quote(noted.hash)}: history before it was rewritten, or it is another account’s`,
    )
  }
}

/** Goes on after an entry with faults where the chain can be followed; `false` where it cannot. */
function verifyEntry(verification: Verification, value: unknown): boolean {
  const expected = (BigInt(verification.position.sequence) + 1n).toString()
  const entry = readEntry(value)
  if (typeof entry === 'string') {
    note(verification, `entry ${expected}: ${entry}`)
    return false
  }
  const { said, hash } = entry
  if (said.sequence !== expected) {
    note(verification, `entry ${expected}: is missing; what stands in its place is entry ${said.sequence}`)
    return false
  }
  for (const fault of faultsOf(verification, entry)) note(verification, `entry ${expected}: ${fault}`)
  verification.position = {
    sequence: said.sequence,
    hash,
    availableMicros: said.availableAfterMicros,
    heldMicros: said.heldAfterMicros,
  }
  verification.linesChecked += 1
  notePosition(verification)
  return true
}

function faultsOf(verification: Verification, { said, hash, postings, lots }: ReadEntry): string[] {
  const { position, accountId, currency } = verification
  const faults: string[] = []
  const expectSame = (name: string, found: string, wanted: string) => {
    if (found !== wanted) faults.push(`${name} is ${quote(found)}, not ${quote(wanted)}`)
  }
  if (hashOf(said as unknown as Json) !== hash)
    faults.push('its hash does not fit what it says: one of the two was changed')
  expectSame('accountId', said.accountId, accountId)
  expectSame('currency', said.currency, currency)
  expectSame('previousHash', said.previousHash, position.hash)
  expectSame('availableBeforeMicros', said.availableBeforeMicros, position.availableMicros)
  expectSame('heldBeforeMicros', said.heldBeforeMicros, position.heldMicros)
  const availableChange = BigInt(said.availableAfterMicros) - BigInt(said.availableBeforeMicros)
  const heldChange = BigInt(said.heldAfterMicros) - BigInt(said.heldBeforeMicros)
  expectSame('amountMicros', said.amountMicros, (availableChange + heldChange).toString())
  const moved = (wanted: string | undefined) =>
    sum(
      postings
        .filter(({ account }) => wanted === undefined || account === wanted)
        .map((line) => line.amountMicros),
    )
  if (moved(undefined) !== 0n) faults.push(`its postings sum to ${moved(undefined)}, not to zero`)
  if (moved(AVAILABLE) !== availableChange)
    faults.push(`its postings move available by ${moved(AVAILABLE)}, its balances by ${availableChange}`)
  if (moved(HELD) !== heldChange)
    faults.push(`its postings move held by ${moved(HELD)}, its balances by ${heldChange}`)
  if (BigInt(said.availableAfterMicros) < 0n || BigInt(said.heldAfterMicros) < 0n)
    faults.push('leaves less than zero')
  faults.push(...faultsOfLots(verification, lots, { availableChange, heldChange }))
  return faults
}

function faultsOfLots(
  { lots: known }: Verification,
  changes: ReadEntry['lots'],
  { availableChange, heldChange }: { availableChange: bigint; heldChange: bigint },
): string[] {
  const faults: string[] = []
  const available = sum(changes.map(({ changeMicros }) => changeMicros))
  const held = sum(changes.map(({ heldMicros }) => heldMicros))
  if (available !== availableChange)
    faults.push(`its lots change by ${available}, its available credit by ${availableChange}`)
  if (held !== heldChange) faults.push(`its lots hold ${held}, its held credit changes by ${heldChange}`)
  if (!known) return faults
  for (const { lot, changeMicros, heldMicros } of changes) {
    const before = known.get(lot) ?? { availableMicros: 0n, heldMicros: 0n }
    const left = {
      availableMicros: before.availableMicros + changeMicros,
      heldMicros: before.heldMicros + heldMicros,
    }
    if (left.availableMicros < 0n || left.heldMicros < 0n)
      faults.push(`takes more from lot ${lot} than it has`)
    if (left.availableMicros === 0n && left.heldMicros === 0n) known.delete(lot)
    else known.set(lot, left)
  }
  return faults
}

const sum = (amounts: bigint[]) => amounts.reduce((total, amount) => total + amount, 0n)

function note({ faults }: Verification, fault: string): void {
  if (faults.length < MOST_FAULTS) faults.push(fault)
}

/** The chain has come to a place: a tip that was named for it, or noted earlier, has to be what is found there. */
function notePosition(verification: Verification): void {
  const { position, waitingTips, noted } = verification
  const tip = waitingTips.get(position.sequence)
  if (tip)
    for (const fault of differences('the tip', tip, `entry ${position.sequence}`, position))
      note(verification, fault)
  waitingTips.delete(position.sequence)
  if (noted?.hash === position.hash) noted.foundAt ??= position.sequence
}

function differences(name: string, found: ChainPoint, wantedName: string, wanted: ChainPoint): string[] {
  return (['sequence', 'hash', 'availableMicros', 'heldMicros'] as const)
    .filter((member) => found[member] !== wanted[member])
    .map(
      (member) => `${name} has ${member} ${quote(found[member])}, ${wantedName} has ${quote(wanted[member])}`,
    )
}

const TEXTS = ['accountId', 'currency', 'previousHash'] as const
const NUMBERS = [
  'sequence',
  'amountMicros',
  'availableBeforeMicros',
  'availableAfterMicros',
  'heldBeforeMicros',
  'heldAfterMicros',
] as const
const DEEPEST = 6

type ReadEntry = {
  /** All that was hashed, as it came. */
  said: Record<(typeof TEXTS)[number] | (typeof NUMBERS)[number], string>
  hash: string
  postings: { account: string; amountMicros: bigint }[]
  lots: { lot: string; changeMicros: bigint; heldMicros: bigint }[]
}

/** An entry whose members can be reckoned with, or what is wrong with it. */
function readEntry(value: unknown): ReadEntry | string {
  if (!isObject(value)) return 'is not an object'
  const strange = findStrange(value, '', 0)
  if (strange) return strange
  const { hash, ...said } = value
  if (typeof hash !== 'string') return 'hash is missing'
  for (const name of TEXTS) if (typeof said[name] !== 'string') return `${name} is missing`
  for (const name of NUMBERS) if (!isWhole(said[name])) return `${name} is not a whole number in digits`
  const postings = readPostings(said.postings)
  if (!postings) return 'postings is not a list of accounts and amounts'
  const lots = readLots(said.lots)
  if (!lots) return 'lots is not a list of lots and changes'
  return {
    said: said as ReadEntry['said'],
    hash,
    postings,
    lots,
  }
}

function readPostings(value: unknown): ReadEntry['postings'] | undefined {
  return readEach(value, ({ account, amountMicros }) =>
    typeof account === 'string' && isWhole(amountMicros)
      ? { account, amountMicros: BigInt(amountMicros) }
      : undefined,
  )
}

function readLots(value: unknown): ReadEntry['lots'] | undefined {
  return readEach(value, ({ lot, changeMicros, heldMicros = '0' }) =>
    isWhole(lot) && isWhole(changeMicros) && isWhole(heldMicros)
      ? { lot, changeMicros: BigInt(changeMicros), heldMicros: BigInt(heldMicros) }
      : undefined,
  )
}

/** A list of objects, each as it was read; undefined where one cannot be. */
function readEach<Line>(
  value: unknown,
  read: (line: Record<string, unknown>) => Line | undefined,
): Line[] | undefined {
  if (!Array.isArray(value)) return undefined
  const lines: Line[] = []
  for (const each of value) {
    const line = isObject(each) ? read(each) : undefined
    if (!line) return undefined
    lines.push(line)
  }
  return lines
}

/** What no entry has: numbers, nulls, truth values, and members within members without end. */
function findStrange(value: unknown, path: string, depth: number): string | undefined {
  if (typeof value === 'string') return undefined
  if (typeof value !== 'object' || value === null)
    return `${path} is ${value}, which no entry has: all it says is text`
  if (depth === DEEPEST) return `${path} is nested too deep`
  for (const [name, inner] of Object.entries(value)) {
    const strange = findStrange(inner, path ? `${path}.${plain(name)}` : plain(name), depth + 1)
    if (strange) return strange
  }
  return undefined
}

const plain = (name: string) => quote(name).slice(1, -1)
const isWhole = (value: unknown): value is string => typeof value === 'string' && WHOLE_NUMBER.test(value)
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
