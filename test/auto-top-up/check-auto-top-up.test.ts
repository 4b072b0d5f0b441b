import { GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Problem } from '../../functions/edge/problem.ts'
import { createMonthlyCharging } from '../../functions/plans/charge-month.store.ts'
import { choosePlan } from '../../functions/plans/choose-plan.store.ts'
import { setRingFence } from '../../functions/ring-fence/set-ring-fence.store.ts'
import type { TopUp } from '../../functions/top-up/top-up.ts'
import { payCheckout } from '../../local/stripe.ts'
import { interposedClient } from '../ledger/interposed-client.ts'
import { Died, dyingClient } from '../plans/dying-client.ts'
import {
  ASKS_THE_BANK,
  type Between,
  COOLDOWN_MILLISECONDS,
  IS_DECLINED,
  PAYS,
  startAutoTopUps,
  UNIT,
} from './auto-top-up-world.ts'

let world: Awaited<ReturnType<typeof startAutoTopUps>>

beforeAll(async () => {
  world = await startAutoTopUps()
})
afterAll(() => world.stop())
beforeEach(() => {
  world.payments.stripe.setDelivery({})
  world.checksLater.length = 0
})

const TAKES_ITS_TIME = '4000000000000911'

const later = (now: Date, milliseconds = COOLDOWN_MILLISECONDS) => new Date(now.getTime() + milliseconds)

/** Lets something else happen before the first write of a check. */
function overtakenBy(meanwhile: () => Promise<unknown>): Between {
  let isOvertaken = false
  const client = interposedClient(world.database.client, async (command, send) => {
    if ((command as object).constructor.name === 'TransactWriteCommand' && !isOvertaken) {
      isOvertaken = true
      await meanwhile()
    }
    return send()
  })
  return { client }
}

/** Lets something else happen before one of the reads of HEAD, counted from 1. */
function overtakenAtRead(nth: number, meanwhile: () => Promise<unknown>): Between {
  let reads = 0
  const client = interposedClient(world.database.client, async (command, send) => {
    if (command instanceof GetCommand && command.input.Key?.sk === 'HEAD') reads += 1
    if (reads === nth) {
      reads += 1
      await meanwhile()
    }
    return send()
  })
  return { client }
}

describe('an automatic top-up', () => {
  it('charges the card up to the target, is credited by the event, and frees its place after it', async () => {
    const now = new Date()
    const account = await world.open(5n * UNIT)
    expect(await world.check(account, now)).toBe('charging')
    const charged = await world.stateOf(account)
    expect(charged).toMatchObject({
      availableMicros: 50n * UNIT,
      intents: [{ status: 'succeeded', amount: 4500 }],
    })
    const [topUp] = charged.topUps
    expect(topUp).toMatchObject({ origin: 'automatic', status: 'settled', capMonth: charged.document.month })
    expect(charged.document.inFlight).toEqual({ topUpId: topUp!.topUpId, role: 'default' })
    expect(await world.check(account, now, { topUpId: topUp!.topUpId })).toBe('covered')
    const { document } = await world.stateOf(account)
    expect(document).toMatchObject({ status: 'on', chargedMicros: 45n * UNIT, failuresInARow: 0 })
    expect(document.inFlight).toBeUndefined()
  })

  it('charges nothing above the threshold, without a document, or once it is off', async () => {
    const now = new Date()
    const account = await world.open(20n * UNIT)
    expect(await world.check(account, now)).toBe('covered')
    expect(await world.check(await world.openWithPlan(1, UNIT), now)).toBe('not_on')
    await world.take(account, 15n * UNIT, 'low')
    await world.switchOff(account, now)
    expect(await world.check(account, now)).toBe('not_on')
    expect((await world.stateOf(account)).intents).toEqual([])
  })

  it('charges once when ten triggers come at the same time', async () => {
    const now = new Date()
    const account = await world.open(5n * UNIT)
    await Promise.all(Array.from({ length: 10 }, () => world.check(account, now)))
    const { intents, topUps, availableMicros } = await world.stateOf(account)
    expect([intents.length, topUps.length, availableMicros]).toEqual([1, 1, 50n * UNIT])
  })

  it('charges once when another trigger has charged between the decision and its write', async () => {
    const now = new Date()
    const account = await world.open(5n * UNIT)
    await world.check(
      account,
      now,
      {},
      overtakenBy(() => world.check(account, now)),
    )
    expect((await world.stateOf(account)).intents).toHaveLength(1)
  })

  it('never goes above the cap, also when another trigger uses it up between the decision and its write', async () => {
    const now = new Date()
    const account = await world.open(5n * UNIT, { settings: { monthlyCapMicros: 60n * UNIT } })
    const overtaken = overtakenBy(async () => {
      await world.check(account, now)
      const { topUps } = await world.stateOf(account)
      await world.take(account, 45n * UNIT, 'low again')
      await world.check(account, now, { topUpId: topUps[0]!.topUpId })
    })
    const much = later(now, 2 * COOLDOWN_MILLISECONDS)
    expect(await world.check(account, much, {}, overtaken)).toBe('held_back')
    const { document, intents, availableMicros } = await world.stateOf(account)
    expect(document).toMatchObject({
      chargedMicros: 45n * UNIT,
      toldPercent: 100,
      heldBackMicros: 45n * UNIT,
    })
    expect([intents.length, availableMicros]).toEqual([1, 5n * UNIT])
  })

  it('charges again after the cooldown, by the message that its attempt has sent before', async () => {
    const now = new Date()
    const account = await world.open(5n * UNIT)
    await world.check(account, now)
    const recheck = { check: { accountId: account.accountId, isRecheck: true }, delaySeconds: 900 }
    expect(world.checksLater).toEqual([recheck])
    await world.stateOf(account)
    await world.take(account, 40n * UNIT, 'low again')
    expect(await world.check(account, later(now, COOLDOWN_MILLISECONDS - 1))).toBe('waiting')
    expect(world.checksLater).toHaveLength(1)
    expect(await world.check(account, later(now), { isRecheck: true })).toBe('charging')
    expect((await world.stateOf(account)).intents).toHaveLength(2)
  })

  it('looks again when its message comes before the cooldown is over by this worker’s clock', async () => {
    const now = new Date()
    const account = await world.open(5n * UNIT)
    await world.check(account, now)
    await world.stateOf(account)
    await world.take(account, 40n * UNIT, 'low again')
    world.checksLater.length = 0
    const slow = later(now, COOLDOWN_MILLISECONDS - 20_000)
    expect(await world.check(account, slow, { isRecheck: true })).toBe('waiting')
    expect(world.checksLater).toEqual([
      { check: { accountId: account.accountId, isRecheck: true }, delaySeconds: 20 },
    ])
  })

  it('waits no longer than a message can for a clock that was far ahead, and charges nothing before', async () => {
    const now = new Date()
    const account = await world.open(5n * UNIT)
    await world.check(account, later(now, 3_600_000))
    await world.stateOf(account)
    await world.take(account, 40n * UNIT, 'low again')
    world.checksLater.length = 0
    expect(await world.check(account, now, { isRecheck: true })).toBe('waiting')
    expect(world.checksLater).toMatchObject([{ delaySeconds: 900 }])
    expect((await world.stateOf(account)).intents).toHaveLength(1)
  })

  it('counts what a client pays with a saved card meanwhile', async () => {
    const now = new Date()
    const account = await world.open(5n * UNIT)
    await world.payments.start(account, '20.00', { paymentMethod: 'saved_card' }, 'by-hand', now)
    expect(await world.check(account, now)).toBe('covered')
    // Nobody waits for it longer than an hour.
    expect(await world.check(account, later(now, 3_600_001))).toBe('charging')
    expect((await world.stateOf(account)).topUps).toHaveLength(2)
  })

  it('does not wait for a payment page whose bank takes days, and counts that payment to no cap', async () => {
    const now = new Date()
    const account = await world.open(5n * UNIT, { settings: { monthlyCapMicros: 50n * UNIT } })
    const page = await world.payments.start(account, '20.00', {}, 'by-page', now)
    await payCheckout(page.paymentUrl!, TAKES_ITS_TIME)
    expect(await world.check(account, now)).toBe('charging')
    const session = await world.stripe.checkout.sessions.retrieve(page.sessionId!)
    world.payments.stripe.controls.settlePayment(String(session.payment_intent), 'succeeds')
    const { document, topUps, availableMicros } = await world.stateOf(account)
    expect(topUps.map(({ status }) => status)).toEqual(['settled', 'settled'])
    expect([availableMicros, document.chargedMicros]).toEqual([70n * UNIT, 45n * UNIT])
  })
})

describe('the cap of a month', () => {
  it('begins anew with the month in the account’s own time zone, and never goes back', async () => {
    const november = new Date('2026-11-30T22:59:00.000Z')
    const december = new Date('2026-11-30T23:15:00.000Z')
    const account = await world.open(5n * UNIT, {
      account: { timeZone: 'Europe/Berlin' },
      settings: { monthlyCapMicros: 60n * UNIT },
      at: november,
    })
    await world.check(account, november)
    const inNovember = await world.stateOf(account)
    expect(inNovember.document).toMatchObject({ month: '2026-11', chargedMicros: 45n * UNIT })
    await world.take(account, 45n * UNIT, 'low again')
    expect(await world.check(account, december)).toBe('charging')
    const inDecember = await world.stateOf(account)
    expect(inDecember.document).toMatchObject({ month: '2026-12', chargedMicros: 45n * UNIT })
    await world.take(account, 45n * UNIT, 'and again')
    // A worker whose clock is behind finds the new month, and its cap used up.
    expect(await world.check(account, november)).toBe('waiting')
    expect(await world.check(account, later(december))).toBe('held_back')
    expect((await world.stateOf(account)).document).toMatchObject({ month: '2026-12', toldPercent: 100 })
    expect((await world.stateOf(account)).intents).toHaveLength(2)
  })

  it('gets nothing back in a new month of what failed in the old one', async () => {
    const november = new Date('2026-11-30T23:59:00.000Z')
    const account = await world.open(5n * UNIT, { card: IS_DECLINED, at: november })
    const hold = { advance: async () => Promise.reject(new Problem('payment_provider_unavailable', '')) }
    expect(await world.check(account, november, {}, hold)).toBe('unanswered')
    expect(await world.check(account, later(november))).toBe('not_on')
    const { document } = await world.stateOf(account)
    expect(document).toMatchObject({ status: 'paused', month: '2026-12', chargedMicros: 0n })
  })

  it('is told of at 80, 90 and 100 percent once each, and of what is held back', async () => {
    const now = new Date()
    const account = await world.open(0n, {
      settings: { targetMicros: undefined, amountMicros: 30n * UNIT, monthlyCapMicros: 100n * UNIT },
    })
    const told: number[] = []
    for (let round = 0; round < 5; round++) {
      const at = later(now, round * COOLDOWN_MILLISECONDS)
      await world.check(account, at)
      const { topUps, availableMicros } = await world.stateOf(account)
      await world.check(account, at, { topUpId: topUps[0]!.topUpId })
      if (availableMicros > 0n) await world.take(account, availableMicros, `low ${round}`)
      told.push((await world.stateOf(account)).document.toldPercent)
    }
    expect(told).toEqual([0, 0, 90, 100, 100])
    expect((await world.stateOf(account)).document).toMatchObject({ chargedMicros: 90n * UNIT })
  })
})

describe('a month of the plan', () => {
  const november = new Date('2026-11-26T12:00:00.000Z')

  it('that the client was warned of is covered by one charge of exactly what it lacks', async () => {
    const account = await world.openWithPlan(10, 30n * UNIT, { timeZone: 'UTC' })
    await world.addCard(account)
    await world.agree(account, {}, november)
    expect(await world.check(account, november)).toBe('covered')
    expect(await world.check(account, november, { period: '2026-12' })).toBe('charging')
    expect((await world.stateOf(account)).availableMicros).toBe(49n * UNIT)
    expect(await world.check(account, later(november), { period: '2026-12' })).toBe('covered')
  })

  it('is covered beside services that have stopped, and nothing is charged to let these run again', async () => {
    const first = { effectiveFrom: '2026-01-01T00:00:00.000Z', baseFeeMicros: 31n * UNIT }
    const services = [{ service: 'number', name: 'Numbers', unitFeeMicros: 62n * UNIT }]
    const plan = { name: 'Two', clientType: 'hosted' as const, currency: 'USD', ...first, services }
    await world.plans.set('two', plan, first.effectiveFrom)
    const settings = { thresholdMicros: 0n, targetMicros: UNIT }
    const account = await world.open(50n * UNIT, { at: november, settings })
    const choice = { planId: 'two', services: [{ service: 'number', quantity: 1n }] }
    await choosePlan(world.database, { account, choice, actor: 'person:test', now: november })
    const charging = createMonthlyCharging(world.database)
    const on = (day: number) => new Date(Date.UTC(2026, 11, day))
    await charging.chargeDue(account.accountId, on(1))
    const { months } = await charging.chargeDue(account.accountId, on(8))
    expect(months.map(({ result }) => result)).toEqual(['stopped', 'settled'])
    expect(await world.check(account, on(27), { period: '2027-01' })).toBe('charging')
    // January costs 31, of which 5 are there; with the number, its last days of December included, it would be 98.
    expect((await world.stateOf(account)).intents.map(({ amount }) => amount)).toEqual([2600])
  })

  it('that is owed is paid with what is set aside for it, and a charge of the rest', async () => {
    const account = await world.openWithPlan(10, 30n * UNIT, { timeZone: 'UTC' })
    const { accountId } = account
    await world.addCard(account)
    await world.agree(account, { thresholdMicros: 0n }, november)
    await setRingFence(world.database, { accountId, mode: 'whole', at: november.toISOString() })
    const december = new Date('2026-12-01T12:00:00.000Z')
    await createMonthlyCharging(world.database).chargeDue(accountId, november)
    await createMonthlyCharging(world.database).chargeDue(accountId, december)
    expect(await world.check(account, december)).toBe('charging')
    expect((await world.stateOf(account)).availableMicros).toBe(19n * UNIT)
  })

  it('that was found short is covered by one charge of what it lacks, whatever the check was for, and is settled', async () => {
    const account = await world.openWithPlan(10, 30n * UNIT, { timeZone: 'UTC' })
    await world.addCard(account)
    await world.agree(account, {}, november)
    const first = new Date('2026-12-01T00:00:00.000Z')
    const charge = async () =>
      (await createMonthlyCharging(world.database).chargeDue(account.accountId, first)).months
    expect(await charge()).toEqual([{ period: '2026-12', result: 'short' }])
    expect(await world.check(account, first)).toBe('charging')
    expect((await world.stateOf(account)).availableMicros).toBe(49n * UNIT)
    expect(await charge()).toEqual([{ period: '2026-12', result: 'settled' }])
  })

  it.each([1, 2, 3, 4])('that is settled before read %i of the credit is not paid for again', async (nth) => {
    const account = await world.openWithPlan(5, 0n, { timeZone: 'UTC' })
    await world.addCard(account)
    await world.agree(account, { thresholdMicros: 0n }, november)
    const charging = createMonthlyCharging(world.database)
    await charging.chargeDue(account.accountId, new Date('2026-12-25T00:00:00.000Z'))
    // December, which is owed, and January, of which the client was warned.
    await world.give(account, 49n * UNIT, 'both months')
    const now = new Date('2026-12-27T00:00:00.000Z')
    const between = overtakenAtRead(nth, () => charging.chargeDue(account.accountId, now))
    expect(await world.check(account, now, { period: '2027-01' }, between)).toBe('covered')
    expect((await world.stateOf(account)).intents).toEqual([])
  })

  it('that is settled with what was set aside, while what is owed is read, is not paid for again', async () => {
    const account = await world.openWithPlan(10, 30n * UNIT, { timeZone: 'UTC' })
    const { accountId } = account
    await world.addCard(account)
    await world.agree(account, { thresholdMicros: 0n }, november)
    await setRingFence(world.database, { accountId, mode: 'whole', at: november.toISOString() })
    const december = new Date('2026-12-01T12:00:00.000Z')
    const charging = createMonthlyCharging(world.database)
    await charging.chargeDue(accountId, november)
    await charging.chargeDue(accountId, december)
    await world.give(account, 19n * UNIT, 'the rest')
    let settled: Promise<unknown> | undefined
    let isOwedRead = () => {}
    const owedRead = new Promise<void>((resolve) => {
      isOwedRead = resolve
    })
    const client = interposedClient(world.database.client, async (command, send) => {
      const isOfMonths =
        command instanceof QueryCommand && command.input.ExpressionAttributeValues?.[':short'] === 'short'
      const isOfRingFence = command instanceof GetCommand && command.input.Key?.sk === 'RING_FENCE'
      if (isOfMonths && !settled) {
        const reply = await send()
        settled = charging.chargeDue(accountId, december)
        isOwedRead()
        await settled
        return reply
      }
      if (isOfRingFence) await owedRead.then(() => settled)
      return send()
    })
    expect(await world.check(account, december, {}, { client })).toBe('covered')
    expect((await world.stateOf(account)).intents).toEqual([])
  })

  it('that is over or unknown by then is not paid for: a warning that comes late charges nothing', async () => {
    const account = await world.openWithPlan(10, 30n * UNIT, { timeZone: 'UTC' })
    await world.addCard(account)
    await world.agree(account, {}, november)
    expect(await world.check(account, november, { period: '2026-11' })).toBe('covered')
    await world.give(account, 20n * UNIT, 'meanwhile')
    expect(await world.check(account, november, { period: '2026-12' })).toBe('covered')
    expect((await world.stateOf(account)).intents).toEqual([])
  })

  it('is not forgotten while its client seems to pay by hand', async () => {
    const account = await world.openWithPlan(10, 30n * UNIT, { timeZone: 'UTC' })
    await world.addCard(account)
    await world.agree(account, {}, november)
    world.payments.stripe.addFault({ endpoint: 'POST /v1/payment_intents', kind: 'error_before', times: 3 })
    const byHand = world.payments.start(
      account,
      '50.00',
      { paymentMethod: 'saved_card' },
      'cut off',
      november,
    )
    await expect(byHand).rejects.toMatchObject({ code: 'payment_provider_unavailable' })
    expect(await world.check(account, november, { period: '2026-12' })).toBe('covered')
    const again = { accountId: account.accountId, period: '2026-12', isRecheck: true }
    expect(world.checksLater).toEqual([{ check: again, delaySeconds: 900 }])
    expect(await world.check(account, later(november, 3_600_001), again)).toBe('charging')
    expect((await world.stateOf(account)).availableMicros).toBe(49n * UNIT)
  })

  it('is not forgotten while another charge is under way or cools down', async () => {
    const account = await world.openWithPlan(20, 5n * UNIT, { timeZone: 'UTC' })
    await world.addCard(account)
    await world.agree(account, {}, november)
    await world.check(account, november)
    await world.stateOf(account)
    world.checksLater.length = 0
    expect(await world.check(account, november, { period: '2026-12' })).toBe('waiting')
    const again = { accountId: account.accountId, period: '2026-12', isRecheck: true }
    expect(world.checksLater).toEqual([{ check: again, delaySeconds: 900 }])
    expect(await world.check(account, later(november), again)).toBe('charging')
    expect((await world.stateOf(account)).availableMicros).toBe(98n * UNIT)
  })
})

describe('a charge that fails', () => {
  it.each([
    ['declined', IS_DECLINED],
    ['authentication_required', ASKS_THE_BANK],
  ])('pauses it at once and is not tried again: %s', async (reason, card) => {
    const now = new Date()
    const account = await world.open(5n * UNIT, { card })
    expect(await world.check(account, now)).toBe('not_on')
    for (const hours of [1, 24, 24 * 7]) await world.check(account, later(now, hours * 3_600_000))
    const { document, intents, topUps, availableMicros } = await world.stateOf(account)
    expect(document).toMatchObject({ status: 'paused', lastFailure: { reason }, chargedMicros: 0n })
    expect(topUps).toMatchObject([{ status: 'failed', isCountedToCap: false, method: 'saved_card' }])
    expect([intents.length, availableMicros]).toEqual([1, 5n * UNIT])
  })

  it('goes on after a payment by hand that settles later, not after an old one that is told again', async () => {
    const account = await world.open(5n * UNIT)
    const byHand = (key: string) =>
      world.payments.start(account, '5.00', { paymentMethod: 'saved_card' }, key)
    const old = await byHand('before')
    const [settled] = (await world.stateOf(account)).topUps
    await world.take(account, 5n * UNIT, 'low')
    const failing = new Date(settled!.settledAt!)
    const [card] = (await world.payments.cards.read(account.accountId)).cards
    world.payments.stripe.setSavedCard(card!.paymentMethodId, IS_DECLINED)
    await world.check(account, failing)
    await world.check(account, failing, { topUpId: old.topUpId })
    expect((await world.stateOf(account)).document.status).toBe('paused')
    world.payments.stripe.setSavedCard(card!.paymentMethodId, PAYS)
    const { topUpId } = await byHand('after')
    await world.stateOf(account)
    expect(await world.check(account, later(failing), { topUpId })).toBe('charging')
    expect((await world.stateOf(account)).document).toMatchObject({ status: 'on', failuresInARow: 1 })
  })

  it('tries the backup card once, at once, as an attempt of its own', async () => {
    const now = new Date()
    const account = await world.open(5n * UNIT, { card: IS_DECLINED })
    await world.chooseBackup(account, await world.addCard(account, PAYS))
    expect(await world.check(account, now)).toBe('charging')
    const { document, topUps, availableMicros } = await world.stateOf(account)
    expect(availableMicros).toBe(50n * UNIT)
    expect(topUps.map(({ status }) => status).sort()).toEqual(['failed', 'settled'])
    expect(document).toMatchObject({ status: 'on', chargedMicros: 45n * UNIT, attempts: 2n })
    await world.check(account, now, { topUpId: document.inFlight!.topUpId })
    expect((await world.stateOf(account)).document).toMatchObject({ status: 'on', failuresInARow: 0 })
  })

  it('pauses it when the backup card fails too, and tries no backup where the bank wants to ask', async () => {
    const now = new Date()
    const both = await world.open(5n * UNIT, { card: IS_DECLINED })
    await world.chooseBackup(both, await world.addCard(both, IS_DECLINED))
    expect(await world.check(both, now)).toBe('not_on')
    const failed = await world.stateOf(both)
    expect(failed.document).toMatchObject({ status: 'paused', failuresInARow: 2, chargedMicros: 0n })
    const asked = await world.open(5n * UNIT, { card: ASKS_THE_BANK })
    await world.chooseBackup(asked, await world.addCard(asked, PAYS))
    expect(await world.check(asked, now)).toBe('not_on')
    expect((await world.stateOf(asked)).intents).toHaveLength(1)
  })

  it('disables it after three in a row, until the default card changes', async () => {
    const now = new Date()
    const account = await world.open(5n * UNIT, { card: IS_DECLINED })
    for (const round of [0, 1, 2]) {
      await world.check(account, later(now, round * COOLDOWN_MILLISECONDS))
      if (round < 2) await world.agree(account)
    }
    expect((await world.stateOf(account)).document).toMatchObject({ status: 'disabled', failuresInARow: 3 })
    await expect(world.switchOn(account)).rejects.toMatchObject({ code: 'auto_top_up_disabled' })
    await world.switchOff(account, now)
    await expect(world.switchOn(account)).rejects.toMatchObject({ code: 'auto_top_up_disabled' })
    await world.chooseDefault(account, await world.addCard(account, PAYS))
    const at = later(now, 3 * COOLDOWN_MILLISECONDS)
    await expect(world.switchOn(account, { now: at })).rejects.toMatchObject({
      code: 'immediate_charge_unconfirmed',
    })
    await world.switchOn(account, { isChargeConfirmed: true, now: at })
    expect((await world.stateOf(account)).availableMicros).toBe(50n * UNIT)
  })

  it('begins to count anew with another card also where it was switched off in between', async () => {
    const now = new Date()
    const account = await world.open(5n * UNIT, { card: IS_DECLINED })
    for (const round of [0, 1, 2]) {
      await world.check(account, later(now, round * COOLDOWN_MILLISECONDS))
      if (round < 2) await world.agree(account)
    }
    await world.switchOff(account, now)
    await world.chooseDefault(account, await world.addCard(account, IS_DECLINED))
    const document = await world.switchOn(account, {
      isChargeConfirmed: true,
      now: later(now, 3 * COOLDOWN_MILLISECONDS),
    })
    expect(document).toMatchObject({ status: 'paused', failuresInARow: 1 })
  })

  it('goes on by itself once another card is the default, also when it was disabled', async () => {
    const now = new Date()
    const account = await world.open(5n * UNIT, { card: IS_DECLINED })
    for (const round of [0, 1, 2]) {
      await world.check(account, later(now, round * COOLDOWN_MILLISECONDS))
      if (round < 2) await world.agree(account)
    }
    await world.chooseDefault(account, await world.addCard(account, PAYS))
    expect(await world.check(account, later(now, 3 * COOLDOWN_MILLISECONDS))).toBe('charging')
    expect((await world.stateOf(account)).document).toMatchObject({ status: 'on', failuresInARow: 0 })
  })

  it('pauses nothing when its card was replaced meanwhile: the new one is charged after the cooldown', async () => {
    const now = new Date()
    const account = await world.open(5n * UNIT, { card: IS_DECLINED })
    const advance: Between['advance'] = async (topUp, at) => {
      await world.chooseDefault(account, await world.addCard(account, PAYS))
      return world.options.advance(topUp, at)
    }
    expect(await world.check(account, now, {}, { advance })).toBe('waiting')
    expect((await world.stateOf(account)).document).toMatchObject({ status: 'on', chargedMicros: 0n })
    expect(await world.check(account, later(now), { isRecheck: true })).toBe('charging')
    expect((await world.stateOf(account)).availableMicros).toBe(50n * UNIT)
  })
})

describe('a payment provider that does not answer', () => {
  it.each(['timeout_after', 'disconnect_after', 'error_after'] as const)(
    'charges once although it took the money: %s',
    async (kind) => {
      const now = new Date()
      const account = await world.open(5n * UNIT)
      world.payments.stripe.addFault({ endpoint: 'POST /v1/payment_intents', kind, times: 3 })
      await world.check(account, now)
      world.payments.stripe.releaseFaults()
      await world.check(account, later(now), { isRecheck: true })
      const { intents, topUps, availableMicros } = await world.stateOf(account)
      expect([intents.length, topUps.length, availableMicros]).toEqual([1, 1, 50n * UNIT])
      await world.check(account, later(now), { topUpId: topUps[0]!.topUpId })
      expect((await world.stateOf(account)).document).toMatchObject({
        status: 'on',
        chargedMicros: 45n * UNIT,
      })
    },
  )

  it('is asked again later, under the same key, until it answers', async () => {
    const now = new Date()
    const account = await world.open(5n * UNIT)
    world.payments.stripe.addFault({ endpoint: 'POST /v1/payment_intents', kind: 'error_before', times: 6 })
    expect(await world.check(account, now)).toBe('unanswered')
    world.checksLater.length = 0
    expect(await world.check(account, later(now), { isRecheck: true })).toBe('unanswered')
    expect(world.checksLater).toMatchObject([{ check: { isRecheck: true }, delaySeconds: 900 }])
    expect(await world.check(account, later(now, 2 * COOLDOWN_MILLISECONDS), { isRecheck: true })).toBe(
      'charging',
    )
    const { intents, topUps } = await world.stateOf(account)
    expect([intents.length, topUps.length]).toEqual([1, 1])
  })

  it('is given up after 23 hours; what was paid nevertheless is credited, and counted to the cap exactly once', async () => {
    const now = new Date()
    const account = await world.open(5n * UNIT)
    world.payments.stripe.addFault({ endpoint: 'POST /v1/payment_intents', kind: 'error_after', times: 1 })
    expect(await world.check(account, now)).toBe('unanswered')
    const nextDay = later(now, 23 * 3_600_000 + 1)
    // What the provider knows is not given up: the schedule takes it over.
    expect(await world.check(account, nextDay)).toBe('unanswered')
    const notFound = { advance: (topUp: TopUp) => topUps.move(topUp, 'expired', nextDay.toISOString()) }
    const { topUps } = world.payments
    expect(await world.check(account, nextDay, {}, notFound)).toBe('not_on')
    const givenUp = await world.options.autoTopUps.read(account.accountId)
    expect(givenUp).toMatchObject({ status: 'paused', lastFailure: { reason: 'no_answer' } })
    expect(givenUp!.chargedMicros).toBe(0n)
    const { topUps: paid, availableMicros, document } = await world.stateOf(account)
    expect([availableMicros, document.chargedMicros]).toEqual([50n * UNIT, 0n])
    const told = { topUpId: paid[0]!.topUpId }
    await Promise.all([1, 2, 3].map(() => world.check(account, nextDay, told)))
    await world.check(account, nextDay, told)
    const counted = await world.stateOf(account)
    const isSameMonth = counted.document.month === paid[0]!.capMonth
    expect(counted.document).toMatchObject({ status: 'on', chargedMicros: isSameMonth ? 45n * UNIT : 0n })
    expect(counted.topUps).toMatchObject([{ status: 'settled', isCountedToCap: true }])
  })
})

describe('a process that dies', () => {
  const finished = { intents: 1, topUps: 1, availableMicros: 50n * UNIT, chargedMicros: 45n * UNIT }

  async function finish(account: Parameters<typeof world.check>[0], now: Date) {
    await world.check(account, now)
    const { topUps } = await world.stateOf(account)
    await world.check(account, later(now), { topUpId: topUps[0]?.topUpId })
    const { intents, document, availableMicros } = await world.stateOf(account)
    expect(document.inFlight).toBeUndefined()
    const { chargedMicros } = document
    return { intents: intents.length, topUps: topUps.length, availableMicros, chargedMicros }
  }

  it.each([1, 2])(
    'before or after its write %i has charged once when the next message is done',
    async (atWrite) => {
      for (const when of ['before', 'after'] as const) {
        const now = new Date()
        const account = await world.open(5n * UNIT)
        const dying = { client: dyingClient(world.database.client, { atWrite, when }) }
        await expect(world.check(account, now, {}, dying)).rejects.toBeInstanceOf(Died)
        expect(await finish(account, now)).toEqual(finished)
      }
    },
  )

  it('before or after it calls the provider, or sends its message, has charged once in the end', async () => {
    const dies = async () => Promise.reject(new Died())
    const deaths: Between[] = [
      { checkLater: dies },
      { advance: dies },
      {
        advance: async (topUp, at) => {
          await world.options.advance(topUp, at)
          throw new Died()
        },
      },
      {
        advance: async ({ customerId, paymentMethodId, ...topUp }) => {
          await world.provider.chargeSavedCard({
            ...topUp,
            customerId: customerId!,
            paymentMethodId: paymentMethodId!,
          })
          throw new Died()
        },
      },
    ]
    for (const death of deaths) {
      const now = new Date()
      const account = await world.open(5n * UNIT)
      await expect(world.check(account, now, {}, death)).rejects.toBeInstanceOf(Died)
      expect(await finish(account, now)).toEqual(finished)
    }
  })

  it('while it notes a decline has paused it and given its amount back once in the end', async () => {
    for (const [atWrite, when] of [2, 3].flatMap((n) => [[n, 'before'] as const, [n, 'after'] as const])) {
      const now = new Date()
      const account = await world.open(5n * UNIT, { card: IS_DECLINED })
      const dying = { client: dyingClient(world.database.client, { atWrite, when }) }
      await expect(world.check(account, now, {}, dying)).rejects.toBeInstanceOf(Died)
      await world.check(account, now)
      const { document, intents } = await world.stateOf(account)
      expect(document).toMatchObject({ status: 'paused', chargedMicros: 0n, failuresInARow: 1 })
      expect(intents).toHaveLength(1)
    }
  })
})
