import type { Account } from '../accounts/account.ts'
import { dayOf } from '../accounts/local-day.ts'
import { defaultCard, isExpired } from '../cards/cards.ts'
import { Problem } from '../edge/problem.ts'
import { money } from '../ledger/money.ts'
import { agreed, isDisabled, neverSwitchedOn } from './agree.ts'
import { attemptIdOf } from './attempt.ts'
import { type AutoTopUp, type AutoTopUpSettings, type Consent, switchedOff } from './auto-top-up.ts'
import { type AutoTopUpOptions, createAutoTopUpCheck } from './check-auto-top-up.store.ts'
import { decideStep } from './decide-step.ts'
import { createSituation, type Situation } from './situation.store.ts'

export type Agreement = {
  account: Account
  settings: AutoTopUpSettings
  consent: Omit<Consent, 'at' | 'termsVersion'>
  isChargeConfirmed: boolean
  now: Date
}

const TRIES = 8

/** Switches automatic top-up on and off for people. */
export function createAutoTopUpSwitch(options: AutoTopUpOptions) {
  const { autoTopUps, terms } = options
  const situation = createSituation(options)
  const { check, take } = createAutoTopUpCheck(options)

  /**
   * Records the consent and switches it on, in one write, with the first charge where credit is too low already and the
   * client has confirmed that; without the confirmation nothing is written, and the problem names the amount. What comes
   * back is the document as it is then: `paused` where that charge failed. Throws the problem of a refusal.
   */
  async function switchOn(agreement: Agreement): Promise<AutoTopUp> {
    const { account, settings, isChargeConfirmed, now } = agreement
    const { accountId } = account
    const consent = {
      ...agreement.consent,
      at: now.toISOString(),
      termsVersion: await terms.require(account, now),
    }
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const before = (await autoTopUps.read(accountId)) ?? neverSwitchedOn(account, settings, consent)
      const seen = await situation.read(account, before, {}, now)
      refuse(account, before, seen)
      const draft = agreed(before, settings, consent, defaultCard(seen.cards))
      const step = decideStep(draft, { ...seen, isChargeConfirmed: true }, (n) => attemptIdOf(accountId, n))
      if (step.attempt && !isChargeConfirmed) throw unconfirmed(account, step.attempt.amountMicros)
      if (!(await take(account, before, seen, step))) continue
      if (step.attempt) await check(accountId, now)
      return (await autoTopUps.read(accountId))!
    }
    throw changedMeanwhile()
  }

  /** Switches it off; what is off already, or was never on, stays as it is. */
  async function switchOff(accountId: string, now: Date): Promise<AutoTopUp | undefined> {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const before = await autoTopUps.read(accountId)
      if (!before || before.status === 'off') return before
      const next = switchedOff(before, 'asked', now.toISOString())
      if (await autoTopUps.replace(before, next)) return next
    }
    throw changedMeanwhile()
  }

  return { switchOn, switchOff }
}

function refuse({ accountId, timeZone }: Account, before: AutoTopUp, { head, cards, now }: Situation): void {
  if (head.status === 'closed')
    throw new Problem('account_closed', `Account ${accountId} takes no more payments.`)
  const card = defaultCard(cards)
  if (!card) throw new Problem('no_saved_card', 'Save a card first: it is charged automatically.')
  if (isExpired(card, dayOf(now, timeZone)))
    throw new Problem('no_saved_card', 'The default card has expired. Save another one first.')
  if (isDisabled(before, card))
    throw new Problem(
      'auto_top_up_disabled',
      'Make another card the default first; save one if there is none.',
    )
}

function unconfirmed({ currency }: Account, amountMicros: bigint): Problem {
  const amount = money(amountMicros, currency)
  return new Problem(
    'immediate_charge_unconfirmed',
    `Credit is too low already: ${amount.amount} ${currency} would be charged at once. Send "confirmImmediateCharge": true to agree to that.`,
    { extra: { amount } },
  )
}

function changedMeanwhile(): Problem {
  return new Problem('changed_meanwhile', 'Read it again, and send the request again.')
}
