import { createAccountStore } from '../../functions/accounts/account.store.ts'
import type { Account } from '../../functions/accounts/account.ts'
import { accountKey } from '../../functions/accounts/account-keys.ts'
import { openAccount } from '../../functions/accounts/open-account.store.ts'
import type { BusEvent, EventName } from '../../functions/events/event.ts'
import { credit, debit } from '../../functions/ledger/decide-movement.ts'
import { createLedger } from '../../functions/ledger/ledger.store.ts'
import { proveAccount } from '../../functions/ledger/prove-account.ts'
import { choosePlan } from '../../functions/plans/choose-plan.store.ts'
import { createPlanStore } from '../../functions/plans/plan.store.ts'
import { createSubscriptionStore } from '../../functions/plans/subscription.store.ts'
import type { TestDatabase } from '../support/database.ts'

export const UNIT = 1_000_000n
export const november = new Date('2026-11-10T12:00:00.000Z')

/** Opens accounts with plans in a test's database, moves their credit and reads what became of them. */
export function planAccounts(database: TestDatabase) {
  const ledger = createLedger(database)
  const plans = createPlanStore(database)
  const subscriptions = createSubscriptionStore(database)
  const accounts = createAccountStore(database)
  let opened = 0

  async function open(more: Partial<Account> = {}): Promise<Account> {
    opened += 1
    const account: Account = {
      accountId: `acc_plan${String(opened).padStart(6, '0')}`,
      name: `Client ${opened} <&>`,
      clientType: 'hosted',
      currency: 'USD',
      timeZone: 'Europe/Berlin',
      lowCreditThresholdMicros: 0n,
      createdAt: '2026-11-01T00:00:00.000Z',
      ...more,
    }
    const ledgerOpening = ledger.openingOf(account.accountId, account.currency)
    const ownerEmail = `owner${opened}@client.example.com`
    const done = await openAccount(database, { account, ownerEmail, requestHash: 'h', ledgerOpening })
    if (!done.ok) throw new Error(done.reason)
    return account
  }

  /** An account that has chosen `seats` seats at 4.90 from December on. */
  async function openWithPlan(
    seats: number,
    creditMicros: bigint,
    more: Partial<Account> = {},
  ): Promise<Account> {
    await setBasicPlan()
    const account = await open(more)
    await choose(account, seats, november)
    if (creditMicros > 0n) await give(account, creditMicros, 'opening')
    return account
  }

  const setBasicPlan = (unitFeeMicros = 4_900_000n, effectiveFrom = '2026-01-01T00:00:00.000Z') =>
    plans.set(
      'basic',
      {
        name: 'Basic',
        clientType: 'hosted',
        currency: 'USD',
        effectiveFrom,
        baseFeeMicros: 0n,
        services: [{ service: 'seat', name: 'Seat', unitFeeMicros }],
      },
      '2026-01-01T00:00:00.000Z',
    )

  const choose = (account: Account, seats: number, now: Date, client = database.client) =>
    choosePlan(
      { ...database, client },
      {
        account,
        choice: { planId: 'basic', services: [{ service: 'seat', quantity: BigInt(seats) }] },
        actor: 'person:test',
        now,
      },
    )

  const movement = (account: Account, amountMicros: bigint) => ({
    amountMicros,
    currency: account.currency,
    reason: 'test',
    actor: 'machine:test',
    detail: {},
  })

  const give = (account: Account, amountMicros: bigint, key: string, expiresAt?: string) =>
    ledger.post({
      accountId: account.accountId,
      key: `top-up:${key}`,
      requestHash: 'g',
      at: november.toISOString(),
      decide: (head) =>
        credit(head, {
          ...movement(account, amountMicros),
          kind: 'top_up',
          contra: 'cash:stripe',
          expiresAt,
        }),
    })

  const take = (account: Account, amountMicros: bigint, key: string) =>
    ledger.post({
      accountId: account.accountId,
      key: `charge:${key}`,
      requestHash: 't',
      at: november.toISOString(),
      decide: (head) =>
        debit(head, { ...movement(account, amountMicros), kind: 'charge', contra: 'revenue:charge' }),
    })

  /** Head, the lines of the plan, and what does not add up (nothing). */
  async function statement({ accountId }: Account) {
    const head = (await ledger.readHead(accountId))!
    const entries = await ledger.listEntries(accountId, { limit: 1000, ascending: true })
    const planLines = entries
      .filter(({ kind }) => kind === 'plan' || kind === 'plan_short')
      .map(({ kind, key, amountMicros }) => ({ kind, key, amountMicros }))
    return { head, entries, planLines, faults: proveAccount(head, entries) }
  }

  return {
    ledger,
    plans,
    subscriptions,
    accounts,
    open,
    openWithPlan,
    setBasicPlan,
    choose,
    give,
    take,
    statement,
    accountKey,
  }
}

/** Collects what is put on the bus; dies as often as it is told to, before or after. */
export function recordingBus() {
  const events: BusEvent[] = []
  return {
    events,
    put: async (more: readonly BusEvent[]) => void events.push(...more),
    named: <Name extends EventName>(name: Name) =>
      events.filter((event): event is Extract<BusEvent, { detailType: Name }> => event.detailType === name),
  }
}
