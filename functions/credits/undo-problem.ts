import { postingProblem } from '../edge/posting-problem.ts'
import { Problem } from '../edge/problem.ts'
import type { RefundRefusal, ReversalRefusal } from '../ledger/decide-movement.ts'
import { money } from '../ledger/money.ts'

type Refusal =
  | RefundRefusal
  | ReversalRefusal
  | Parameters<typeof postingProblem>[0]
  | { ok: false; reason: 'transaction_not_found' }

/** Why an entry cannot be undone, in part or whole, as the problem that is answered. */
export function undoProblem(refusal: Refusal, sequence: bigint, currency: string): Problem {
  switch (refusal.reason) {
    case 'transaction_not_found':
      return new Problem('transaction_not_found', `The account has no transaction ${sequence}.`)
    case 'not_reversible':
      return new Problem(
        'not_reversible',
        'Corrections, expired credit, and transactions that moved nothing, stay as they are; a payment is refunded to its card.',
      )
    case 'not_refundable':
      return new Problem(
        'not_refundable',
        `Transaction ${sequence} charged nothing, or is a correction itself.`,
      )
    case 'already_reversed':
      return new Problem(
        'already_reversed',
        `All of transaction ${sequence} was given back: nothing is left.`,
      )
    case 'already_refunded': {
      const [refunded, left] = [money(refusal.refundedMicros, currency), money(refusal.leftMicros, currency)]
      const detail = `${refunded.amount} ${currency} of it were refunded; ${left.amount} ${currency} are left to refund.`
      return new Problem('already_refunded', detail, { extra: { refunded, left } })
    }
    case 'more_than_left': {
      const [charged, left] = [money(refusal.chargedMicros, currency), money(refusal.leftMicros, currency)]
      const detail = `${left.amount} ${currency} are left of the ${charged.amount} ${currency} that it charged.`
      return new Problem('more_than_left', `amount: ${detail}`, {
        errors: [{ field: 'amount', detail }],
        extra: { charged, left },
      })
    }
    default:
      return postingProblem(refusal, currency)
  }
}
