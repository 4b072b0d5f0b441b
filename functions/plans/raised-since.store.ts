import type { Entry } from '../ledger/entry.ts'
import { createLedgerReader, type LedgerReaderOptions } from '../ledger/ledger-reader.store.ts'

const PAGE_ENTRIES = 100

/** Sums what payments and gifts have brought since an entry, with what of them paid what was owed for other payments. */
export function createRaisedSince(options: LedgerReaderOptions) {
  const ledger = createLedgerReader(options)

  return async function raisedSince(accountId: string, sequence: bigint): Promise<bigint> {
    let raisedMicros = 0n
    for (let after = sequence; ; ) {
      const page = await ledger.listEntries(accountId, { limit: PAGE_ENTRIES, ascending: true, after })
      raisedMicros += page.reduce((sum, entry) => sum + broughtBy(entry), 0n)
      if (page.length < PAGE_ENTRIES) return raisedMicros
      after = page.at(-1)!.sequence
    }
  }
}

function broughtBy({ kind, postings }: Entry): bigint {
  if (kind !== 'top_up' && kind !== 'credit') return 0n
  // The operator's side is below zero for what came from outside; what was owed stands beside it, above zero.
  return -postings
    .filter(({ account }) => account.startsWith('cash:') || account.startsWith('credit:'))
    .reduce((sum, { amountMicros }) => sum + amountMicros, 0n)
}
