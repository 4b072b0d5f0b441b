import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { Head } from '../ledger/entry.ts'
import { createLedgerReader } from '../ledger/ledger-reader.store.ts'
import { createLotStore } from '../ledger/lot.store.ts'
import { behindMicros } from '../ledger/lot.ts'
import {
  beginProof,
  compareRingFence,
  compareWithHead,
  foldEntry,
  type ProofState,
} from '../ledger/prove-account.ts'
import { createStatusStore } from '../ledger/status.store.ts'
import { createRingFenceStore } from '../ring-fence/ring-fence.store.ts'
import { createProofStore } from './proof.store.ts'
import { isWholeProofDue, type ProofDocument } from './proof-document.ts'

export type ProofOutcome = {
  /** `incomplete`: the history is long, and the next proof goes on where this one stopped. */
  result: 'proven' | 'mismatch' | 'incomplete'
  /** The last line that was looked at. */
  sequence: bigint
  headSequence: bigint
  faults: string[]
  /** The mismatch was not known before, or the account was open again in spite of it. */
  isNews: boolean
  /** `false`: somebody else proves the account at the same time, and goes on with it. */
  isKept: boolean
}

export type ProofRequest = {
  accountId: string
  /** ISO instant. */
  now: string
  actor: string
  /** From the first line on, even if it is not time for that. */
  whole?: boolean
  /** Lines that are looked at before the rest is left to the next proof. */
  mostEntries: number
}

export type ProvingOptions = {
  client: DynamoDBDocumentClient
  ledgerTable: string
  waitingTable: string
  documentsTable: string
  /** Lines that are read at once. */
  pageEntries?: number
}

const TRIES = 8
const PAGE_ENTRIES = 100
const MOST_FAULTS_KEPT = 20
const LONGEST_FAULT_CHARACTERS = 300

/**
 * Proves accounts: folds their lines against HEAD and the lots behind it. What does not agree parks the account.
 *
 * Nothing stands still meanwhile, so HEAD and lots of one moment are read first and entries folded up to its number only;
 * and an account is parked only while it is at the revision that was looked at, or proven anew. So a race never parks an account.
 */
export function createProving(options: ProvingOptions) {
  const { client, ledgerTable, waitingTable, pageEntries = PAGE_ENTRIES } = options
  const ledger = createLedgerReader(options)
  const lots = createLotStore({ client, ledgerTable, waitingTable })
  const statuses = createStatusStore({ client, ledgerTable })
  const proofs = createProofStore(options)
  const ringFences = createRingFenceStore(options)

  /** `undefined` for an account without HEAD. Throws when it moves so often that nothing can be said about it. */
  async function prove(request: ProofRequest): Promise<ProofOutcome | undefined> {
    const { accountId } = request
    const before = await proofs.read(accountId)
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const kept = await ledger.readLots(accountId)
      if (!kept) return undefined
      const { head } = kept
      const fold = await foldUpTo(head, beginFold(before, head, request), request.mostEntries)
      if (fold.isCutOff) return keepPart(before, fold, head, request)
      const faults =
        fold.faults.length > 0
          ? fold.faults
          : [
              ...compareWithHead(fold.state, head, kept.lots),
              ...(await compareSetAside(fold.state, head)),
              ...(await findUncounted(head)),
            ]
      if (faults.length === 0) return keepProof(before, fold, head, request)
      const parked = await park(head, faults, request)
      if (parked !== 'moved') return keepMismatch(before, fold, parked, faults, request)
    }
    throw new Error(`account ${accountId} kept moving: nothing can be said about its HEAD`)
  }

  async function foldUpTo(head: Head, fold: Fold, mostEntries: number): Promise<Fold> {
    const { state, faults } = fold
    if (head.sequence < state.sequence)
      faults.push(`HEAD counts ${head.sequence} entries, ${state.sequence} were there before`)
    while (faults.length === 0 && state.sequence < head.sequence) {
      if (fold.entryCount >= mostEntries) return { ...fold, isCutOff: true }
      const from = { limit: pageEntries, ascending: true, after: state.sequence }
      const page = await ledger.listEntries(head.accountId, from)
      const wanted = page.filter(({ sequence }) => sequence <= head.sequence)
      // HEAD counts more entries than there are: comparing will say so.
      if (wanted.length === 0) return fold
      for (const entry of wanted) {
        faults.push(...foldEntry(state, entry))
        if (entry.sequence === fold.known?.sequence && entry.hash !== fold.known.hash)
          faults.push(`entry ${entry.sequence}: has another hash than when it was proven before`)
        if (faults.length > 0) break
      }
      fold.entryCount += wanted.length
    }
    return fold
  }

  /**
   * The document of what is set aside for the plan is written together with HEAD: where it is ahead, HEAD has moved.
   */
  async function compareSetAside(state: ProofState, head: Head): Promise<string[]> {
    const faults = compareRingFence(state, await ringFences.read(head.accountId))
    if (faults.length > 0 && (await ledger.readHead(head.accountId))?.revision !== head.revision) return []
    return faults
  }

  /**
   * What is there beyond what HEAD counts: an entry after the last, or lots that wait while it holds all of them. Either is
   * written together with HEAD, so that it is a fault only while HEAD has not moved.
   */
  async function findUncounted(head: Head): Promise<string[]> {
    const { accountId, sequence, revision } = head
    const [next, waiting] = await Promise.all([
      ledger.readEntry(accountId, sequence + 1n),
      behindMicros(head) === 0n ? lots.list(accountId, 1) : [],
    ])
    const faults = [
      ...(next ? [`entry ${sequence + 1n} is there, and HEAD does not count it`] : []),
      ...waiting.map(({ lot }) => `lot ${lot} waits, and HEAD does not count it`),
    ]
    if (faults.length > 0 && (await ledger.readHead(accountId))?.revision !== revision) return []
    return faults
  }

  /** The account as it is when it is parked: a closed one stays closed, nothing moves on it anyway. */
  async function park(
    head: Head,
    faults: string[],
    { now, actor }: ProofRequest,
  ): Promise<{ head: Head; isChange: boolean } | 'moved'> {
    if (head.status === 'closed') return { head, isChange: false }
    const changed = await statuses.change({
      ...{ accountId: head.accountId, status: 'parked', at: now, actor, onlyAtRevision: head.revision },
      reason: 'The account’s lines do not agree with its balance',
      faults: shorten(faults),
    })
    return changed.ok ? changed : 'moved'
  }

  async function keepPart(before: ProofDocument | undefined, fold: Fold, head: Head, request: ProofRequest) {
    const part = fold.isWhole ? { whole: fold.state } : { checkpoint: fold.state }
    const isKept = await proofs.write(before, { ...before, accountId: request.accountId, ...part })
    return outcome('incomplete', fold, head, { isKept })
  }

  async function keepProof(before: ProofDocument | undefined, fold: Fold, head: Head, request: ProofRequest) {
    const { accountId, now } = request
    const isKept = await proofs.write(before, {
      accountId,
      checkpoint: fold.state,
      whole: fold.isWhole ? undefined : before?.whole,
      wholeMonth: fold.isWhole ? now.slice(0, 7) : before?.wholeMonth,
      provenRevision: head.revision,
      provenAt: now,
    })
    return outcome('proven', fold, head, { isKept })
  }

  /** The next proof begins where this one did, and so finds again what is not mended. */
  async function keepMismatch(
    before: ProofDocument | undefined,
    fold: Fold,
    parked: { head: Head; isChange: boolean },
    faults: string[],
    { accountId, now }: ProofRequest,
  ) {
    const mismatch = { revision: parked.head.revision, at: now, faults: shorten(faults) }
    const { whole: _, ...kept } = { ...before, accountId, mismatch }
    const isKept = await proofs.write(before, kept)
    const isNews = parked.isChange || before?.mismatch === undefined
    return outcome('mismatch', fold, parked.head, { isKept, isNews, faults: shorten(faults) })
  }

  return { prove }
}

/** A fold of entries that is under way. */
type Fold = {
  state: ProofState
  isWhole: boolean
  /** The hash that an entry had when it was proven before, for a fold that comes by it again. */
  known?: { sequence: bigint; hash: string }
  entryCount: number
  /** As many entries were folded as may be at once. */
  isCutOff: boolean
  faults: string[]
}

function beginFold(before: ProofDocument | undefined, head: Head, { whole, now }: ProofRequest): Fold {
  const checkpoint = before?.checkpoint
  const isWhole =
    !checkpoint || Boolean(before.whole) || Boolean(whole) || isWholeProofDue(head.accountId, before, now)
  const start = isWhole ? (before?.whole ?? beginProof(head.accountId, head.currency)) : checkpoint
  const known = checkpoint && { sequence: checkpoint.sequence, hash: checkpoint.previousHash }
  return {
    // Folding changes it, and what was read may be begun from again.
    state: structuredClone(start),
    isWhole,
    known: isWhole ? known : undefined,
    ...{ entryCount: 0, isCutOff: false, faults: [] },
  }
}

function outcome(
  result: ProofOutcome['result'],
  { state }: Fold,
  head: Head,
  more: Partial<ProofOutcome>,
): ProofOutcome {
  const sequences = { sequence: state.sequence, headSequence: head.sequence }
  return { result, ...sequences, faults: [], isNews: false, isKept: true, ...more }
}

function shorten(faults: string[]): string[] {
  return faults.slice(0, MOST_FAULTS_KEPT).map((fault) => fault.slice(0, LONGEST_FAULT_CHARACTERS))
}
