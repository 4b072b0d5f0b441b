import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import type { Account } from '../../functions/accounts/account.ts'
import { createStatusStore } from '../../functions/ledger/status.store.ts'
import { createMonthlyCharging } from '../../functions/plans/charge-month.store.ts'
import { choosePlan } from '../../functions/plans/choose-plan.store.ts'
import { createGraceDueStore } from '../../functions/plans/grace-due.store.ts'
import type { TestDatabase } from '../support/database.ts'
import { november, planAccounts, UNIT } from './plan-account.ts'

/** Local midnight of a day of December in Berlin; the 32nd is the first of January. */
export const december = (day: number) => new Date(Date.UTC(2026, 10, 30 + day, -1))

/** Accounts in Berlin with a plan of whole amounts a day in December: base fee 1, numbers 2, trunks 3, and free fax. */
export async function fullPlan(database: TestDatabase) {
  const world = planAccounts(database)
  const charging = createMonthlyCharging(database)
  let gifts = 0
  const services = [
    { service: 'number', name: 'Numbers', unitFeeMicros: 62n * UNIT },
    { service: 'trunk', name: 'Trunks', unitFeeMicros: 93n * UNIT },
    { service: 'fax', name: 'Fax', unitFeeMicros: 0n },
  ]
  const content = {
    ...{ name: 'Full', clientType: 'hosted' as const, currency: 'USD' },
    baseFeeMicros: 31n * UNIT,
  }
  const effectiveFrom = '2026-01-01T00:00:00.000Z'
  await world.plans.set('full', { ...content, effectiveFrom, services }, effectiveFrom)

  /** A further version, the same but for the order of its list. */
  const reverseListed = async (now: Date) => {
    const at = now.toISOString()
    const set = await world.plans.set(
      'full',
      { ...content, effectiveFrom: at, services: services.toReversed() },
      at,
    )
    if (!set.ok) throw new Error(set.reason)
  }

  const give = (account: Account, units: number, expiresAt?: Date) =>
    world.give(account, BigInt(units) * UNIT, `gift-${++gifts}`, expiresAt?.toISOString())

  const choose = (account: Account, services: readonly string[], now: Date) =>
    choosePlan(database, {
      account,
      choice: { planId: 'full', services: services.map((service) => ({ service, quantity: 1n })) },
      actor: 'person:test',
      now,
    })

  /** One of each, from December on. */
  async function openFull(creditUnits: number, more: Partial<Account> = {}): Promise<Account> {
    const account = await world.open(more)
    await choose(account, ['number', 'trunk', 'fax'], november)
    if (creditUnits > 0) await give(account, creditUnits)
    return account
  }

  const resultsOf = async (account: Account, at: Date, by = charging) =>
    (await by.chargeDue(account.accountId, at)).months.map(({ result }) => result)

  const stoppedOf = async ({ accountId }: Account) =>
    ((await world.subscriptions.read(accountId))?.stopped ?? []).map(({ service }) => service)

  const graceOf = ({ accountId }: Account) => createGraceDueStore(database).read(accountId)

  const monthOf = async ({ accountId }: Account, period = '2026-12') =>
    (await world.subscriptions.readPeriod(accountId, period))!

  /** The plan's lines of the statement in whole units, and what is left. */
  async function linesOf(account: Account) {
    const { entries, faults, head } = await world.statement(account)
    if (faults.length > 0) throw new Error(`${account.accountId} does not prove: ${JSON.stringify(faults)}`)
    const lines = entries
      .filter(({ kind }) => kind.startsWith('plan'))
      .map(({ kind, amountMicros }) => `${kind} ${amountMicros / UNIT}`)
    return { lines, available: head.availableMicros / UNIT }
  }

  async function setStatus(accountId: string, status: string) {
    await database.client.send(
      new UpdateCommand({
        TableName: database.ledgerTable,
        Key: { pk: `ACCOUNT#${accountId}`, sk: 'HEAD' },
        UpdateExpression: 'SET #status = :status, revision = revision + :one',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: { ':status': status, ':one': 1n },
      }),
    )
  }

  /** As staff would, and kept with its instant. */
  async function change(accountId: string, status: 'open' | 'closed', at: Date) {
    const said = { status, at: at.toISOString(), actor: 'person:staff', reason: 'test' }
    const changed = await createStatusStore(database).change({ accountId, ...said })
    if (!changed.ok) throw new Error(changed.reason)
  }
  const close = ({ accountId }: Account, at: Date) => change(accountId, 'closed', at)
  const reopen = ({ accountId }: Account, at: Date) => change(accountId, 'open', at)

  const reads = { resultsOf, stoppedOf, graceOf, monthOf, linesOf }
  return { world, charging, openFull, reverseListed, give, choose, setStatus, close, reopen, ...reads }
}
