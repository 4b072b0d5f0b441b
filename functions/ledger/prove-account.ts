import {
  AVAILABLE,
  digestOfPacked,
  type Entry,
  type EntryKind,
  genesisHash,
  HELD,
  type Head,
  hashEntry,
  RECEIVABLE,
} from './entry.ts'
import type { Lot, LotChange } from './lot.ts'

/** What is left of a lot: in available credit, and set aside by holds. */
export type ProvenLot = Omit<Lot, 'lot'> & { heldMicros: bigint }

/** How far a history is proven: enough to go on from there without what came before. */
export type ProofState = {
  accountId: string
  currency: string
  sequence: bigint
  previousHash: string
  availableMicros: bigint
  heldMicros: bigint
  /** Lots that have something left, by the number of the entry that made them. */
  lots: Record<string, ProvenLot>
  /** What of held credit is set aside for the plan; absent before anything was. Sessions hold the rest. */
  ringFencedMicros?: bigint
  /** What the entries moved on each account of the operator. */
  contraMicros: Record<string, bigint>
}

/** An account before its first entry. */
export function beginProof(accountId: string, currency: string): ProofState {
  return {
    accountId,
    currency,
    sequence: 0n,
    previousHash: genesisHash(accountId, currency),
    availableMicros: 0n,
    heldMicros: 0n,
    lots: {},
    contraMicros: {},
  }
}

/**
 * Takes the next entry of a history into the state, which it changes, and answers what does not fit: number, chain, hash,
 * balances, double entry, lots. An empty list means that all of it does.
 */
export function foldEntry(state: ProofState, entry: Entry): string[] {
  const faults: string[] = []
  const fault = (text: string) => faults.push(`entry ${entry.sequence}: ${text}`)
  state.sequence += 1n
  if (entry.sequence !== state.sequence) fault(`expected number ${state.sequence}`)
  if (entry.accountId !== state.accountId || entry.currency !== state.currency)
    fault('belongs to another account or currency')
  if (entry.previousHash !== state.previousHash) fault('does not follow the entry before it')
  const { hash, ...unhashed } = entry
  if (hashEntry(unhashed) !== hash) fault('was changed after it was written')
  if (!isPackedAsHashed(entry)) fault('has other events than it was written with')
  if (entry.availableBeforeMicros !== state.availableMicros || entry.heldBeforeMicros !== state.heldMicros)
    fault('does not begin with the balance that the entry before it left')
  const change = sumPostings(state, entry)
  if (change.totalMicros !== 0n) fault('does not sum to zero')
  const { availableAfterMicros, heldAfterMicros } = entry
  if (
    availableAfterMicros - state.availableMicros !== change.availableMicros ||
    heldAfterMicros - state.heldMicros !== change.heldMicros ||
    entry.amountMicros !== change.availableMicros + change.heldMicros
  )
    fault('its balances differ by another amount than its lines')
  if (availableAfterMicros < 0n || heldAfterMicros < 0n) fault('below zero')
  if ((state.contraMicros[RECEIVABLE] ?? 0n) > 0n) fault('more was paid than was owed')
  for (const text of foldLots(state, entry.lots, change)) fault(text)
  foldRingFence(state, entry.kind, change)
  const { ringFencedMicros = 0n } = state
  if (ringFencedMicros < 0n || ringFencedMicros > heldAfterMicros)
    fault('more is set aside for the plan than is held, or less than nothing')
  state.availableMicros = availableAfterMicros
  state.heldMicros = heldAfterMicros
  state.previousHash = hash
  state.sequence = entry.sequence
  return faults
}

/** The events of a numbered batch are those that were hashed, or were erased, which the entry says. */
function isPackedAsHashed({ packed, packedSha256, packedErasedAt }: Entry): boolean {
  if (packedSha256 === undefined) return true
  return packed ? digestOfPacked(packed) === packedSha256 : packedErasedAt !== undefined
}

/** Entries that move what is set aside for the plan; all others move what sessions hold. */
const OF_RING_FENCE: ReadonlySet<EntryKind> = new Set<EntryKind>(['ring_fence', 'plan'])

function foldRingFence(state: ProofState, kind: EntryKind, { heldMicros }: Change): void {
  if (heldMicros === 0n || !OF_RING_FENCE.has(kind)) return
  state.ringFencedMicros = (state.ringFencedMicros ?? 0n) + heldMicros
}

type Change = { availableMicros: bigint; heldMicros: bigint }

function sumPostings(state: ProofState, { postings }: Entry): Change & { totalMicros: bigint } {
  const sum = { availableMicros: 0n, heldMicros: 0n, totalMicros: 0n }
  for (const { account, amountMicros } of postings) {
    sum.totalMicros += amountMicros
    if (account === AVAILABLE) sum.availableMicros += amountMicros
    else if (account === HELD) sum.heldMicros += amountMicros
    else state.contraMicros[account] = (state.contraMicros[account] ?? 0n) + amountMicros
  }
  return sum
}

function foldLots(state: ProofState, changes: readonly LotChange[], change: Change): string[] {
  const faults: string[] = []
  let [available, held] = [0n, 0n]
  for (const { lot, changeMicros, heldMicros = 0n, ...named } of changes) {
    available += changeMicros
    held += heldMicros
    const known = state.lots[`${lot}`] ?? { ...named, remainingMicros: 0n, heldMicros: 0n }
    if (known.source !== named.source || known.expiresAt !== named.expiresAt)
      faults.push(`names lot ${lot} otherwise than before`)
    const after = {
      ...known,
      remainingMicros: known.remainingMicros + changeMicros,
      heldMicros: known.heldMicros + heldMicros,
    }
    if (after.remainingMicros < 0n || after.heldMicros < 0n)
      faults.push(`takes more of lot ${lot} than it has`)
    if (after.remainingMicros === 0n && after.heldMicros === 0n) delete state.lots[`${lot}`]
    else state.lots[`${lot}`] = after
  }
  if (available !== change.availableMicros || held !== change.heldMicros)
    faults.push('its lots change by another amount than its lines')
  return faults
}

/** What of HEAD, and of the lots in it and behind it, does not agree with the history that ends where HEAD does. */
export function compareWithHead(state: ProofState, head: Head, lots: readonly Lot[]): string[] {
  const faults: string[] = []
  if (head.sequence !== state.sequence)
    faults.push(`HEAD counts ${head.sequence} entries, the history ${state.sequence}`)
  if (head.availableMicros !== state.availableMicros)
    faults.push(`HEAD has ${head.availableMicros} available, the history ${state.availableMicros}`)
  if (head.heldMicros !== state.heldMicros)
    faults.push(`HEAD has ${head.heldMicros} held, the history ${state.heldMicros}`)
  const owedMicros = -(state.contraMicros[RECEIVABLE] ?? 0n)
  if (head.receivableMicros !== owedMicros)
    faults.push(`HEAD has ${head.receivableMicros} owed, the history ${owedMicros}`)
  if (head.tip !== state.previousHash) faults.push('HEAD does not end in the last entry’s hash')
  const left = Object.entries(state.lots).filter(([, { remainingMicros }]) => remainingMicros > 0n)
  for (const [lot, { remainingMicros }] of left) {
    const kept = lots.find((each) => each.lot === BigInt(lot))?.remainingMicros ?? 0n
    if (kept !== remainingMicros)
      faults.push(`lot ${lot} has ${kept} left, by the history ${remainingMicros}`)
  }
  for (const { lot } of lots)
    if (!left.some(([known]) => known === `${lot}`)) faults.push(`lot ${lot} is not left over by the history`)
  return faults
}

/** What of the document of what is set aside for the plan does not agree with the history. */
export function compareRingFence(
  { ringFencedMicros = 0n }: ProofState,
  { heldMicros, lots }: { heldMicros: bigint; lots: readonly { changeMicros: bigint }[] },
): string[] {
  const lotsMicros = lots.reduce((sum, { changeMicros }) => sum + changeMicros, 0n)
  if (heldMicros === ringFencedMicros && lotsMicros === heldMicros) return []
  return [
    `${heldMicros} are set aside for the plan, of lots ${lotsMicros}; by the history ${ringFencedMicros}`,
  ]
}

/**
 * Folds an account's whole history against its HEAD and all its lots. An empty list means that sequence, chain, every
 * line's balances, double entry, lots and HEAD agree; otherwise each string says what does not, and where.
 */
export function proveAccount(
  head: Head,
  entries: readonly Entry[],
  lots: readonly Lot[] = head.lots,
): string[] {
  const state = beginProof(head.accountId, head.currency)
  const faults = entries.flatMap((entry) => foldEntry(state, entry))
  return [...faults, ...compareWithHead(state, head, lots)]
}
