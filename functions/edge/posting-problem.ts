import type { MovementRefusal } from '../ledger/decide-movement.ts'
import type { PostingRefusal } from '../ledger/ledger.store.ts'
import { money } from '../ledger/money.ts'
import { Problem, wrongCurrency } from './problem.ts'

/** What the ledger refuses, as the problem that is answered, whatever was to be posted. */
export function postingProblem(refusal: MovementRefusal | PostingRefusal, currency: string): Problem {
  switch (refusal.reason) {
    case 'insufficient_credit': {
      const { shortfallMicros, availableMicros } = refusal
      const shortfall = money(shortfallMicros, currency)
      const available = money(availableMicros, currency)
      const needed = money(availableMicros + shortfallMicros, currency)
      const detail = `${shortfall.amount} ${currency} are missing.`
      return new Problem('insufficient_credit', detail, { extra: { shortfall, available, needed } })
    }
    case 'wrong_currency':
      return wrongCurrency(refusal.accountCurrency)
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
      // The reply to the last try may have been lost: whether it was written, the same request tells.
      return new Problem('busy', 'With the same Idempotency-Key it is done once.')
  }
}
