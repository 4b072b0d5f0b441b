import { invalidField, Problem } from '../edge/problem.ts'
import { money } from '../ledger/money.ts'
import type { Hold } from './hold.ts'

const CODES = { captured: 'hold_captured', released: 'hold_released', expired: 'hold_expired' } as const

/** What is answered to whoever wants something else of a hold that has ended: how it did, and what was charged. */
export function endedProblem(hold: Hold): Problem {
  const { accountId, holdId, status, currency, ended } = hold
  if (status === 'held') throw new Error(`hold ${holdId} has not ended`)
  const captured = money(ended?.capturedMicros ?? 0n, currency)
  const detail = `It was ${status} at ${ended?.at}: ${captured.amount} ${currency} were charged.`
  return new Problem(CODES[status], detail, {
    extra: { accountId, holdId, captured, endedAt: ended?.at, transaction: Number(ended?.entry ?? 0) },
  })
}

export function sessionTaken(holdId: string): Problem {
  return new Problem('session_has_hold', `Extend it, or name the new session otherwise: ${holdId}.`, {
    extra: { holdId },
  })
}

export function moreThanHeld({ heldMicros, currency }: Hold, askedMicros: bigint): Problem {
  const [held, asked] = [money(heldMicros, currency), money(askedMicros, currency)]
  return new Problem(
    'more_than_held',
    `${asked.amount} ${currency} were asked for, ${held.amount} are held.`,
    {
      extra: { held, asked },
    },
  )
}

export function hasRecord({ holdId, reported, currency }: Hold): Problem {
  const recorded = money(reported.amountMicros, currency)
  const detail = `It says ${recorded.amount} ${currency}: capture the hold, or let its lease charge it.`
  return new Problem('hold_has_record', detail, { extra: { holdId, recorded } })
}

export function holdNotFound(accountId: string, holdId: string): Problem {
  return new Problem('hold_not_found', `Account ${accountId} has no hold ${holdId}.`)
}

export function misfit(field: string, { use, currency }: Hold): Problem {
  const detail =
    field === 'currency'
      ? `must be ${currency}, the account’s own`
      : `does not go with this hold: it is of ${use ? use.unit : 'an amount'}`
  return invalidField(field, detail)
}
