import { canonicalJson } from '../ledger/canonical-json.ts'
import { type Entry, genesisHash, type Head } from '../ledger/entry.ts'

export const STATEMENT_PROOF_FORMAT = 'drawdown-statement-proof'
export const STATEMENT_PROOF_VERSION = 1

/** Where a chain stands after an entry; amounts are micros, written as decimal digits. */
export type ChainPoint = { sequence: string; hash: string; availableMicros: string; heldMicros: string }

/**
 * What a client needs to check its own statement, as `docs/statement-proof.md` has it: each entry as it was hashed, from
 * an opening to the account's tip. There is no number in it: counts and amounts are texts of digits.
 */
export type StatementProof = {
  format: typeof STATEMENT_PROOF_FORMAT
  version: typeof STATEMENT_PROOF_VERSION
  accountId: string
  currency: string
  genesisHash: string
  opening: ChainPoint
  entries: Record<string, unknown>[]
  tip: ChainPoint
  /** The page ends before the tip: the next one is `after` this number. */
  next?: string
}

/**
 * A page of an account's statement proof. `opening` is the entry that the page comes after; undefined, it begins with the
 * account's first entry. A page without entries is the last one, whether or not it has come to the tip.
 */
export function presentStatementProof(
  head: Head,
  opening: Entry | undefined,
  entries: readonly Entry[],
): StatementProof {
  const genesis = genesisHash(head.accountId, head.currency)
  const last = entries.at(-1)
  return {
    format: STATEMENT_PROOF_FORMAT,
    version: STATEMENT_PROOF_VERSION,
    accountId: head.accountId,
    currency: head.currency,
    genesisHash: genesis,
    opening: opening
      ? pointAfter(opening)
      : { sequence: '0', hash: genesis, availableMicros: '0', heldMicros: '0' },
    entries: entries.map(presentProofEntry),
    tip: {
      sequence: head.sequence.toString(),
      hash: head.tip,
      availableMicros: head.availableMicros.toString(),
      heldMicros: head.heldMicros.toString(),
    },
    ...(last && last.sequence < head.sequence && { next: last.sequence.toString() }),
  }
}

function pointAfter(entry: Entry): ChainPoint {
  return {
    sequence: entry.sequence.toString(),
    hash: entry.hash,
    availableMicros: entry.availableAfterMicros.toString(),
    heldMicros: entry.heldAfterMicros.toString(),
  }
}

/** An entry as it was hashed, with its hash: whoever writes the rest as canonical JSON gets the text that was hashed. */
function presentProofEntry({ hash, packed, packedErasedAt: _, ...said }: Entry): Record<string, unknown> {
  const hashed = said.packedSha256 === undefined ? { ...said, packed } : said
  return { ...JSON.parse(canonicalJson(hashed)), hash }
}
