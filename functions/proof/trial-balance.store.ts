import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { createAccountStore } from '../accounts/account.store.ts'
import type { AccountPosition } from '../accounts/account.ts'
import { AVAILABLE, type Entry, HELD } from '../ledger/entry.ts'
import { createLedgerReader } from '../ledger/ledger-reader.store.ts'
import { type HeadSummary, readHeads } from './find-changed.store.ts'
import { createProofStore } from './proof.store.ts'
import type { ProofDocument } from './proof-document.ts'
import type { AccountPart, TrialPage, TrialPosition } from './trial-balance.ts'

const MOST_ENTRIES_PER_PAGE = 2000
const ENTRIES_PER_READ = 100
const LAST_SEQUENCE = 999_999_999_999n

/**
 * Adds up accounts: what HEAD says that clients hold, against the contra accounts as their lines say. A proof's checkpoint
 * stands for all lines up to it, so that only those since are read. Each account is taken up to the HEAD that is read
 * first, so that postings meanwhile leave it whole.
 */
export function createTrialBalance(options: {
  client: DynamoDBDocumentClient
  ledgerTable: string
  documentsTable: string
  mostEntries?: number
}) {
  const { client, ledgerTable, mostEntries = MOST_ENTRIES_PER_PAGE } = options
  const accounts = createAccountStore(options)
  const proofs = createProofStore(options)
  const ledger = createLedgerReader({ client, ledgerTable })

  /** A page of at most so many accounts, newest first, and of a bounded number of lines. */
  async function readPage(position: TrialPosition, limit: number): Promise<TrialPage> {
    const page: TrialPage = { accountCount: 0, sums: new Map(), unbalanced: [] }
    const budget = { entries: mostEntries }
    if (position.part && !(await goOn(page, position.part, budget))) return page
    const listed = await accounts.listAll({ limit, after: position.part ?? position.after })
    const accountIds = listed.map(({ accountId }) => accountId)
    // In this order, so that no checkpoint is beyond the HEAD that it is added to.
    const documents = await proofs.readMany(accountIds)
    const heads = await readHeads(options, accountIds)
    for (const account of listed) {
      const { accountId } = account
      const part = begin(page, account, heads.get(accountId), documents.get(accountId))
      if (!(await goOn(page, part, budget))) return page
    }
    if (listed.length === limit) page.next = { after: listed.at(-1) }
    return page
  }

  /** Adds an account's lines as far as the budget goes; `false` when the next page has to go on with it. */
  async function goOn(page: TrialPage, part: AccountPart, budget: { entries: number }): Promise<boolean> {
    while (part.sequence < part.upTo) {
      if (budget.entries <= 0) {
        page.next = { part }
        return false
      }
      const read = { limit: ENTRIES_PER_READ, ascending: true, after: part.sequence }
      const entries = (await ledger.listEntries(part.accountId, read)).filter(
        ({ sequence }) => sequence <= part.upTo,
      )
      // Lines that are missing leave a difference.
      if (entries.length === 0) break
      add(page, part, entries.reduce(addContra, {}))
      part.sequence = entries.at(-1)!.sequence
      budget.entries -= entries.length
    }
    page.accountCount += 1
    const { accountId, currency, differenceMicros } = part
    if (differenceMicros !== 0n) page.unbalanced.push({ accountId, currency, differenceMicros })
    return true
  }

  return { readPage }
}

/** What an account holds, and its contra accounts up to where it was proven. Without HEAD it holds nothing that is known. */
function begin(
  page: TrialPage,
  { accountId, createdAt, currency }: AccountPosition & { currency: string },
  head: HeadSummary | undefined,
  document: ProofDocument | undefined,
): AccountPart {
  const upTo = head?.sequence ?? LAST_SEQUENCE
  const checkpoint = document?.checkpoint
  const known = checkpoint && checkpoint.sequence <= upTo ? checkpoint : undefined
  const sequence = known?.sequence ?? 0n
  const part = { accountId, createdAt, currency, sequence, upTo, differenceMicros: 0n }
  add(page, part, { [AVAILABLE]: head?.availableMicros ?? 0n, [HELD]: head?.heldMicros ?? 0n })
  add(page, part, known?.contraMicros ?? {})
  return part
}

function add(page: TrialPage, part: AccountPart, amounts: Record<string, bigint>): void {
  const sums = page.sums.get(part.currency) ?? {}
  for (const [account, amountMicros] of Object.entries(amounts)) {
    sums[account] = (sums[account] ?? 0n) + amountMicros
    part.differenceMicros += amountMicros
  }
  page.sums.set(part.currency, sums)
}

function addContra(sums: Record<string, bigint>, { postings }: Entry): Record<string, bigint> {
  for (const { account, amountMicros } of postings) {
    if (account !== AVAILABLE && account !== HELD) sums[account] = (sums[account] ?? 0n) + amountMicros
  }
  return sums
}
