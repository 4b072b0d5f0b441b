import type { Account } from '../accounts/account.ts'
import { dayOf } from '../accounts/local-day.ts'
import { backupCard, type Card, type Cards, defaultCard, isExpired } from '../cards/cards.ts'
import type { TopUp } from '../top-up/top-up.ts'
import { type AutoTopUp, type CardRole, inMonthOf } from './auto-top-up.ts'
import { type AutoTopUpDecision, type AutoTopUpSeen, decideAutoTopUp } from './decide-auto-top-up.ts'
import { countedAgain, isPaidAfterAll, paused, resolveAttempt, resumed } from './resolve-attempt.ts'

export type StepSeen = Pick<
  AutoTopUpSeen,
  'now' | 'head' | 'shortfallMicros' | 'pendingMicros' | 'isTermsAccepted'
> & {
  account: Pick<Account, 'timeZone'>
  cards: Cards
  /** The top-up of the attempt in flight. */
  inFlight?: TopUp
  /** The top-up that the check was told of, if it was of one and it is another. */
  told?: TopUp
  /** The client has agreed to be charged at once. */
  isChargeConfirmed?: boolean
}

/** What one write does. */
export type Step = {
  /** The document itself where nothing changes. */
  next: AutoTopUp
  decision: AutoTopUpDecision
  /** A charge to be started by the same write. */
  attempt?: { amountMicros: bigint; card: Card }
  /** Top-ups that are counted to their month's cap from now on, or are not any more. */
  counted: { topUp: TopUp; isCountedToCap: boolean }[]
}

/**
 * All that is to be done about an account's automatic top-up, in one write: what became of the attempt in flight, what ends
 * a pause, and whether a card is charged. Pure, so that a write that was overtaken is decided anew.
 */
export function decideStep(
  document: AutoTopUp,
  seen: StepSeen,
  attemptId: (attempt: bigint) => string,
): Step {
  const step = decideChange(document, seen, attemptId)
  return step.next === document ? step : { ...step, next: { ...step.next, changedAt: seen.now } }
}

function decideChange(document: AutoTopUp, seen: StepSeen, attemptId: (attempt: bigint) => string): Step {
  const { now, account, cards, inFlight, told } = seen
  const counted: Step['counted'] = []
  let next = inMonthOf(document, now, account.timeZone)
  const resolved = inFlight && resolveAttempt(next, inFlight, defaultCard(cards), now)
  if (resolved) next = resolved.document
  if (resolved?.isGivenBack) counted.push({ topUp: inFlight!, isCountedToCap: false })
  if (told && isPaidAfterAll(told)) {
    next = countedAgain(next, told)
    counted.push({ topUp: told, isCountedToCap: true })
  }
  next = resumed(next, defaultCard(cards), told)
  const role: CardRole = resolved?.mayTryBackup ? 'backup' : 'default'
  const decision = decideAutoTopUp({
    ...seen,
    document: next,
    card: usableCard(cards, role, dayOf(now, account.timeZone)),
    isCooldownWaived: seen.isChargeConfirmed || role === 'backup',
  })
  if (decision.kind === 'charge') {
    const { amountMicros, card } = decision
    const topUpId = attemptId(next.attempts + 1n)
    return {
      next: begun(next, { topUpId, role }, amountMicros, now),
      decision,
      attempt: { amountMicros, card },
      counted,
    }
  }
  if (decision.kind === 'hold_back') next = heldBack(next, decision.amountMicros)
  if (role === 'backup') return { next: paused(next), decision: { kind: 'nothing', why: 'not_on' }, counted }
  return { next, decision, counted }
}

function usableCard(cards: Cards, role: CardRole, today: string): Card | undefined {
  const card = role === 'default' ? defaultCard(cards) : backupCard(cards)
  return card && !isExpired(card, today) ? card : undefined
}

function begun(
  document: AutoTopUp,
  inFlight: NonNullable<AutoTopUp['inFlight']>,
  amountMicros: bigint,
  at: string,
): AutoTopUp {
  return {
    ...document,
    inFlight,
    chargedMicros: document.chargedMicros + amountMicros,
    attempts: document.attempts + 1n,
    lastAttemptAt: at,
  }
}

/** Nothing more can be charged this month: the client is told so, once. */
function heldBack(document: AutoTopUp, amountMicros: bigint): AutoTopUp {
  if (document.toldPercent === 100) return document
  return { ...document, toldPercent: 100, heldBackMicros: amountMicros }
}
