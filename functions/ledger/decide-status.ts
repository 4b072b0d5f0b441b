import type { AccountStatus, Head } from './entry.ts'

/** Who changed an account's status, when and why; kept for good beside the entries. */
export type StatusChange = {
  accountId: string
  status: AccountStatus
  statusBefore: AccountStatus
  /** HEAD's revision with the change: numbers an account's changes in their order. */
  revision: bigint
  at: string
  actor: string
  reason: string
  /** What a proof found, when that is why the account was parked. */
  faults?: string[]
}

export type NotEmpty = { ok: false; reason: 'account_not_empty'; availableMicros: bigint; heldMicros: bigint }
export type StatusDecision = { ok: true; isChange: boolean } | NotEmpty

/**
 * Any status may follow any other, but for credit: an account is closed only when none is available and none is held. What was
 * erased stays closed: that is checked with the write.
 */
export function decideStatus(head: Head, status: AccountStatus): StatusDecision {
  if (head.status === status) return { ok: true, isChange: false }
  const { availableMicros, heldMicros } = head
  if (status === 'closed' && (availableMicros > 0n || heldMicros > 0n))
    return { ok: false, reason: 'account_not_empty', availableMicros, heldMicros }
  return { ok: true, isChange: true }
}
