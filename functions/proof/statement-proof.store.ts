import type { Entry, Head } from '../ledger/entry.ts'
import type { LedgerReader } from '../ledger/ledger-reader.store.ts'
import { presentStatementProof, type StatementProof } from './statement-proof.ts'

/** A reply of Lambda has at most 6 MB, quotes and backslashes of the body inside it written as two characters each. */
const LARGEST_PAGE_BYTES = 4_500_000
/** An entry has at most 400 KB, so no more of them are in memory at once. */
const ENTRIES_PER_READ = 25

export type StatementProofRead =
  | { ok: true; page: StatementProof }
  | { ok: false; reason: 'not_there'; lastSequence: bigint }

/** A page of what proves an account's statement, up to a HEAD that is read first, however postings go on meanwhile. */
export async function readStatementProof(
  ledger: Pick<LedgerReader, 'readEntry' | 'listEntries'>,
  head: Head,
  page: { after: bigint; limit: number },
  largestBytes = LARGEST_PAGE_BYTES,
): Promise<StatementProofRead> {
  const { accountId, sequence: last } = head
  const opening = page.after === 0n ? undefined : await ledger.readEntry(accountId, page.after)
  if (page.after > last || (page.after > 0n && !opening))
    return { ok: false, reason: 'not_there', lastSequence: last }
  const entries: Entry[] = []
  let bytes = 0
  while (entries.length < page.limit) {
    const limit = Math.min(ENTRIES_PER_READ, page.limit - entries.length)
    const after = entries.at(-1)?.sequence ?? page.after
    const read = await ledger.listEntries(accountId, { limit, ascending: true, after })
    for (const entry of read) {
      if (entry.sequence > last) return present()
      bytes += bytesOf(entry)
      if (bytes > largestBytes && entries.length > 0) return present()
      entries.push(entry)
    }
    if (read.length < limit) return present()
  }
  return present()

  function present(): StatementProofRead {
    return { ok: true, page: presentStatementProof(head, opening, entries) }
  }
}

/** What an entry adds to the reply, as a text within a text. */
function bytesOf(entry: Entry): number {
  const text = JSON.stringify(entry, (_name, value) => (typeof value === 'bigint' ? value.toString() : value))
  return Buffer.byteLength(JSON.stringify(text))
}
