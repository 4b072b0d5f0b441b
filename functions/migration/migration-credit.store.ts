import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import { createAccountStore } from '../accounts/account.store.ts'
import type { Account } from '../accounts/account.ts'
import type { LocalDay } from '../accounts/local-day.ts'
import { isWorthRetrying } from '../edge/dynamodb.ts'
import { inParallel } from '../edge/in-parallel.ts'
import { log } from '../edge/log.ts'
import type { MovementRefusal } from '../ledger/decide-movement.ts'
import type { Entry } from '../ledger/entry.ts'
import { createLedger, type PostingRefusal } from '../ledger/ledger.store.ts'
import { accountKey, idempotencyKey } from '../ledger/ledger-keys.ts'
import type { KeyItem } from '../ledger/posting-failure.store.ts'
import { labelTermsInForce } from '../terms/decide-gate.ts'
import { createTermsStore } from '../terms/terms.store.ts'
import { decideMigrationCredit } from './decide-migration-credit.ts'
import {
  type CreditedLine,
  decideMigrationEntry,
  migrationHash,
  migrationKey,
  refuseRepeated,
  refuseReused,
} from './migration-entry.ts'
import { refuseLine } from './migration-line.ts'
import type { LineReport, Mode, Outcome } from './migration-report.ts'
import type { ReadLine } from './read-migration-file.ts'

/** So many accounts are written at once: each posting waits for the database, not for the processor. */
const MOST_ACCOUNTS_AT_ONCE = 24

export type MigrationOptions = {
  client: DynamoDBDocumentClient
  ledgerTable: string
  waitingTable: string
  documentsTable: string
}

export type MigrationRequest = {
  cutOver: LocalDay
  mode: Mode
  actor: string
  now: Date
  /** Asked before each line: without time left, what remains is `undecided`. */
  hasTime: () => boolean
}

/** A line that gives credit, on an account that is there. */
type PostableLine = CreditedLine & { line: number; termsVersion?: string }

/**
 * Credits the lines of a migration, each by ONE posting under a key of its own, or says what would be credited. A process that
 * dies anywhere has written some lines whole and the others not at all; the same lines sent again finish, and credit none
 * twice.
 */
export function createMigrationCredits(options: MigrationOptions) {
  const { client, ledgerTable } = options
  const ledger = createLedger(options)
  const accounts = createAccountStore(options)
  const terms = createTermsStore(options)

  /**
   * What became of each line, in the lines' order. One line's fault is that line's alone. Lines of one account are decided
   * one after another, so that the first of those that share a reference is the one that counts.
   */
  async function run(lines: readonly ReadLine[], request: MigrationRequest): Promise<LineReport[]> {
    const outcomes = new Map<number, Outcome>()
    const postable = await findPostable(lines, request, outcomes)
    const byAccount = [...Map.groupBy(postable, ({ asked }) => asked.accountId).values()]
    await inParallel(byAccount, MOST_ACCOUNTS_AT_ONCE, (ofAccount) =>
      runAccount(ofAccount, request, outcomes),
    )
    return lines.map(({ line, given }) => ({ line, given, outcome: outcomes.get(line)! }))
  }

  /** The lines that may give credit; of the others, why not. */
  async function findPostable(
    lines: readonly ReadLine[],
    { cutOver, now }: MigrationRequest,
    outcomes: Map<number, Outcome>,
  ): Promise<PostableLine[]> {
    const credited: PostableLine[] = []
    for (const { line, read } of lines) {
      const decided = read.ok ? decideMigrationCredit(read.asked, cutOver) : read
      if (!decided.ok) outcomes.set(line, { verdict: 'refused', refusal: decided })
      else if (read.ok) credited.push({ line, asked: read.asked, credit: decided.credit, cutOver })
    }
    const accountIds = [...new Set(credited.map(({ asked }) => asked.accountId))]
    const [found, versions] = await Promise.all([accounts.readMany(accountIds), terms.listAllVersions()])
    const byId = new Map<string, Account>(found.map((account) => [account.accountId, account]))
    return credited.flatMap((line) => {
      const account = byId.get(line.asked.accountId)
      if (account) return [{ ...line, termsVersion: labelTermsInForce(versions, account.clientType, now) }]
      outcomes.set(line.line, refused({ ok: false, reason: 'account_not_found' }))
      return []
    })
  }

  async function runAccount(
    lines: readonly PostableLine[],
    request: MigrationRequest,
    outcomes: Map<number, Outcome>,
  ): Promise<void> {
    const firsts = new Map<string, PostableLine>()
    for (const line of lines) {
      const first = firsts.get(line.asked.reference)
      const outcome = first ? repeat(first, outcomes.get(first.line)!, line) : await runGuarded(line, request)
      outcomes.set(line.line, outcome)
      if (!first && 'credit' in outcome) firsts.set(line.asked.reference, line)
    }
  }

  /** A fault nobody foresaw must not take away the report of the other lines; it is logged, and rings. */
  async function runGuarded(line: PostableLine, request: MigrationRequest): Promise<Outcome> {
    if (!request.hasTime()) return { verdict: 'undecided', reason: 'out_of_time' }
    try {
      return request.mode === 'commit' ? await post(line, request) : await simulate(line, request)
    } catch (error) {
      if (isWorthRetrying(error)) return { verdict: 'undecided', reason: 'busy' }
      const { accountId } = line.asked
      log.error('a migration credit failed', { accountId, line: line.line, error: error as Error })
      return { verdict: 'undecided', reason: 'internal_error' }
    }
  }

  async function post(line: PostableLine, { actor, now }: MigrationRequest): Promise<Outcome> {
    const { accountId, currency } = line.asked
    const posted = await ledger.post<MovementRefusal>({
      accountId,
      key: migrationKey(line),
      requestHash: migrationHash(line),
      at: now.toISOString(),
      decide: (head) => decideMigrationEntry(head, line, { actor, termsVersion: line.termsVersion }),
    })
    if (posted.ok) {
      const verdict = posted.replayed ? 'already_credited' : 'credited'
      return { verdict, credit: line.credit, currency, transaction: posted.entry.sequence }
    }
    if (posted.reason === 'idempotency_key_reused') return (await findCredited(line))!
    if (posted.reason === 'busy' || posted.reason === 'document_changed')
      return { verdict: 'undecided', reason: 'busy' }
    return refused(posted)
  }

  /** As `post`, without the write: the same decision on HEAD as it is now. */
  async function simulate(line: PostableLine, { actor }: MigrationRequest): Promise<Outcome> {
    const credited = await findCredited(line)
    if (credited) return credited
    const { accountId, currency } = line.asked
    const head = await ledger.readHead(accountId)
    if (!head) return refused({ ok: false, reason: 'account_not_found' })
    const decision = decideMigrationEntry(head, line, { actor })
    return decision.ok ? { verdict: 'would_credit', credit: line.credit, currency } : refused(decision)
  }

  /** What the line's key was used for, if it was. */
  async function findCredited(line: PostableLine): Promise<Outcome | undefined> {
    const { accountId, currency } = line.asked
    const Key = { pk: accountKey(accountId), sk: idempotencyKey(migrationKey(line)) }
    const { Item } = await client.send(new GetCommand({ TableName: ledgerTable, Key, ConsistentRead: true }))
    if (!Item) return undefined
    const { requestHash, sequence } = Item as KeyItem
    if (requestHash === migrationHash(line))
      return { verdict: 'already_credited', credit: line.credit, currency, transaction: sequence }
    const entry: Entry = (await ledger.readEntry(accountId, sequence))!
    return { verdict: 'refused', refusal: refuseReused(entry, line), transaction: sequence }
  }

  return { run }
}

/** A line whose account and reference a line above has: the same payment, or another one under its name. */
function repeat(first: PostableLine, before: Outcome, line: PostableLine): Outcome {
  const { transaction } = before
  const lineAbove = first.line
  if (migrationHash(first) !== migrationHash(line))
    return { verdict: 'refused', refusal: refuseRepeated(first, line), transaction, lineAbove }
  const { credit, asked } = line
  return { verdict: 'already_credited', credit, currency: asked.currency, transaction, lineAbove }
}

function refused(refusal: MovementRefusal | PostingRefusal): Outcome {
  switch (refusal.reason) {
    case 'account_not_found':
      return { verdict: 'refused', refusal: refuseLine('account_not_found', 'account_id', 'is no account') }
    case 'account_closed':
      return {
        verdict: 'refused',
        refusal: refuseLine('account_closed', 'account_id', 'is closed: nothing moves on it any more'),
      }
    case 'wrong_currency': {
      const detail = `must be ${refusal.accountCurrency}, the account’s own`
      return { verdict: 'refused', refusal: refuseLine('wrong_currency', 'currency', detail) }
    }
    default:
      throw new Error(`a credit was refused for ${refusal.reason}`)
  }
}
