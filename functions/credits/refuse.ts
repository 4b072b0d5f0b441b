import { Problem } from '../edge/problem.ts'
import type { MovementRefusal } from '../ledger/decide-movement.ts'
import { money } from '../ledger/money.ts'

export type ReversalRefusal = MovementRefusal | { ok: false; reason: 'not_reversible' }

/** What the ledger itself may answer, whatever is posted. */
type LedgerRefusal = { reason: 'account_not_found' | 'idempotency_key_reused' | 'document_changed' | 'busy' }

/** A posting's refusal as the problem that is answered. */
export function refuse(refusal: ReversalRefusal | LedgerRefusal, currency: string): Problem {
  switch (refusal.reason) {
    case 'insufficient_credit':
      return new Problem('insufficient_credit', 'What this transaction gave is spent, at least in part.', {
        extra: {
          shortfall: money(refusal.shortfallMicros, currency),
          available: money(refusal.availableMicros, currency),
        },
      })
    case 'wrong_currency': {
      const detail = `must be ${refusal.accountCurrency}, the account’s own`
      return new Problem('wrong_currency', `amount.currency: ${detail}`, {
        errors: [{ field: 'amount.currency', detail }],
      })
    }
    case 'not_reversible':
      return new Problem(
        'not_reversible',
        'Reversals, and transactions that moved nothing, stay as they are.',
      )
    case 'idempotency_key_reused':
      return new Problem(
        'idempotency_key_reused',
        'Send the first request again, or this one under a key of its own.',
      )
    case 'account_not_found':
      return new Problem('account_not_found', 'There is no such account.')
    case 'account_parked':
      return new Problem('account_parked', 'Nothing leaves it meanwhile.')
    case 'account_closed':
      return new Problem('account_closed', 'Nothing moves on it any more.')
    case 'document_changed':
    case 'busy':
      return new Problem('busy', 'With the same Idempotency-Key it is written once.')
  }
}
