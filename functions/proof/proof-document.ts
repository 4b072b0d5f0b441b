import { createHash } from 'node:crypto'
import type { Head } from '../ledger/entry.ts'
import type { ProofState } from '../ledger/prove-account.ts'

/** How far an account's history was proven, as the documents table keeps it under `ACCOUNT#<id>` / `PROOF`. */
export type ProofDocument = {
  accountId: string
  /** Raised by each write of this document. */
  version: bigint
  /** The lines up to here were in order; the next proof goes on after them. */
  checkpoint?: ProofState
  /** A fold from the first line on that is under way. */
  whole?: ProofState
  /** The month (UTC) in which the last fold from the first line on came to its end. */
  wholeMonth?: string
  /** HEAD's revision when it last agreed with the lines. */
  provenRevision?: bigint
  provenAt?: string
  /** What did not agree, and HEAD's revision since; absent once it agrees. */
  mismatch?: { revision: bigint; at: string; faults: string[] }
}

type Standing = Pick<ProofDocument, 'checkpoint' | 'whole' | 'wholeMonth' | 'provenRevision' | 'mismatch'>

/** Every month has this many days. */
const DAYS = 28

/** The day of the month from which on an account is proven from its first line: spread evenly over the accounts. */
export function wholeProofDay(accountId: string): number {
  return 1 + (createHash('sha256').update(accountId).digest().readUInt32BE() % DAYS)
}

/** Once a month each account is proven from its first line, so that a change of an old line is found as well. */
export function isWholeProofDue(accountId: string, { wholeMonth = '' }: Standing, now: string): boolean {
  return wholeMonth < now.slice(0, 7) && Number(now.slice(8, 10)) >= wholeProofDay(accountId)
}

/** Whether the nightly proof has anything to do on an account; what it did already it need not do again. */
export function isProofDue(
  head: Pick<Head, 'accountId' | 'revision' | 'status'> | undefined,
  document: ProofDocument | undefined,
  now: string,
): boolean {
  if (!head || !document) return true
  if (document.mismatch && head.status !== 'open') return document.mismatch.revision !== head.revision
  if (!document.checkpoint || document.whole) return true
  return document.provenRevision !== head.revision || isWholeProofDue(head.accountId, document, now)
}
