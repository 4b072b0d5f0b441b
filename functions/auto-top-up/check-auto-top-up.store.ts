import type { AccountStore } from '../accounts/account.store.ts'
import type { Account } from '../accounts/account.ts'
import { log } from '../edge/log.ts'
import { Problem } from '../edge/problem.ts'
import type { WriteItem } from '../edge/write-together.ts'
import type { TopUpStore } from '../top-up/top-up.store.ts'
import type { TopUp } from '../top-up/top-up.ts'
import { attemptIdOf, topUpOfAttempt } from './attempt.ts'
import type { AutoTopUpStore } from './auto-top-up.store.ts'
import { type AutoTopUp, COOLDOWN_SECONDS, isWithdrawn } from './auto-top-up.ts'
import { decideStep, type Step } from './decide-step.ts'
import { createSituation, type Situation, type SituationOptions, type Told } from './situation.store.ts'

export type CheckTold = Told & {
  /** It was sent by a check, to look once more. */
  isRecheck?: boolean
}

export type AutoTopUpOptions = SituationOptions & {
  accounts: Pick<AccountStore, 'read'>
  topUps: TopUpStore
  autoTopUps: AutoTopUpStore
  advance: (topUp: TopUp, now: Date) => Promise<TopUp>
  /** Sends a check to come so many seconds later, 900 at most. */
  checkLater: (check: { accountId: string } & CheckTold, delaySeconds: number) => Promise<void>
}

/** `charging`: a payment is at the provider. `unanswered`: the provider said nothing certain; it is asked again. */
export type CheckResult =
  | 'charging'
  | 'unanswered'
  | 'held_back'
  | 'waiting'
  | Extract<Step['decision'], { kind: 'nothing' }>['why']

/** One step writes, the next looks again; between two writes others may come, but not so often. */
const MOST_STEPS = 20

/** Looks after automatic top-ups. */
export function createAutoTopUpCheck(options: AutoTopUpOptions) {
  const { accounts, topUps, autoTopUps, advance, checkLater } = options
  const situation = createSituation(options)

  /**
   * Does all that is to be done about an account's automatic top-up now, whatever message it was that came: finishes the
   * attempt in flight and, where credit is too low, charges the card, once. However many checks run at once, and wherever one
   * dies, an attempt is written down before the provider is called, and called for under one key.
   */
  async function check(accountId: string, now: Date, told: CheckTold = {}): Promise<CheckResult> {
    for (let step = 0; step < MOST_STEPS; step++) {
      const document = await autoTopUps.read(accountId)
      if (!document || (document.status === 'off' && !document.inFlight && !told.topUpId)) return 'not_on'
      const account = await accounts.read(accountId)
      if (!account) throw new Error(`account ${accountId} has an automatic top-up and no profile`)
      const seen = await situation.read(account, document, told, now)
      const { inFlight } = seen
      if (inFlight?.status === 'created') {
        // Whether the provider has one that is withdrawn nevertheless, the schedule asks before it ends it.
        if (!isWithdrawn(document, seen.head) && (await isTakenToProvider(inFlight, now))) continue
        await lookAgain(accountId, told, COOLDOWN_SECONDS)
        return 'unanswered'
      }
      const next = decideStep(document, seen, (attempt) => attemptIdOf(accountId, attempt))
      if (!(await take(account, document, seen, next))) continue
      if (next.attempt) continue
      return finish(accountId, told, next, seen)
    }
    throw new Error(`account ${accountId}: others keep changing its automatic top-up`)
  }

  /** Writes a step; false when it was overtaken. The look after the cooldown is sent before, so that no death can lose it. */
  async function take(account: Account, document: AutoTopUp, seen: Situation, step: Step): Promise<boolean> {
    if (step.next === document && step.counted.length === 0) return true
    const { accountId } = account
    if (step.attempt) await checkLater({ accountId, isRecheck: true }, COOLDOWN_SECONDS)
    return autoTopUps.replace(document, step.next, besidesOf(account, seen, step))
  }

  /** The top-ups that change with the document. */
  function besidesOf(account: Account, seen: Situation, { next, attempt, counted }: Step): WriteItem[] {
    const notes = counted.map(({ topUp, isCountedToCap }) => ({
      Put: topUps.noteOf(topUp, { isCountedToCap }),
    }))
    if (!attempt) return notes
    const topUp = topUpOfAttempt(account, next, attempt, seen.cards, seen.termsVersion, seen.now)
    return [...notes, { Put: topUps.creationOf(topUp) }]
  }

  /** False without a clear answer, or where it waits for the schedule to take over what the provider has of it. The provider may be asked by two at once: the key is the same. */
  async function isTakenToProvider(topUp: TopUp, now: Date): Promise<boolean> {
    try {
      return (await advance(topUp, now)).status !== 'created'
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'payment_provider_unavailable') throw error
      const { accountId, topUpId } = topUp
      log.warn('the payment provider did not answer; the attempt goes on later', { accountId, topUpId })
      return false
    }
  }

  async function finish(
    accountId: string,
    told: CheckTold,
    { next, decision }: Step,
    { now, pendingMicros }: Situation,
  ): Promise<CheckResult> {
    if (decision.kind === 'wait') {
      const waitSeconds = Math.ceil((Date.parse(decision.until) - Date.parse(now)) / 1000)
      await lookAgain(accountId, told, waitSeconds)
      return 'waiting'
    }
    if (decision.kind === 'hold_back') return 'held_back'
    if (decision.kind === 'charge') return 'charging'
    const isCharging = decision.why === 'in_flight' || (next.inFlight && decision.why === 'covered')
    // What people are paying counts as if it were there, and may come to nothing.
    const isToSettle = isCharging || (decision.why === 'covered' && pendingMicros > 0n)
    if (isToSettle && told.period !== undefined) await lookAgain(accountId, told, COOLDOWN_SECONDS)
    return isCharging ? 'charging' : decision.why
  }

  /**
   * What a message was about must not be lost while it has to wait. Other checks send none: each attempt has sent its own
   * already, for when the cooldown is over.
   */
  async function lookAgain(accountId: string, told: CheckTold, waitSeconds: number): Promise<void> {
    if (!told.isRecheck && told.period === undefined) return
    const delaySeconds = Math.min(COOLDOWN_SECONDS, Math.max(1, waitSeconds))
    await checkLater({ accountId, ...told, isRecheck: true }, delaySeconds)
  }

  return { check, take }
}
