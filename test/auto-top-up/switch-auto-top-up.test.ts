import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { autoTopUpBody } from '../../functions/auto-top-up/auto-top-up.api.ts'
import { autoTopUpRoutes } from '../../functions/auto-top-up/auto-top-up.routes.ts'
import { CONSENT_WORDING } from '../../functions/auto-top-up/consent-wording.ts'
import { presentAutoTopUp } from '../../functions/auto-top-up/present-auto-top-up.ts'
import { readSettings } from '../../functions/auto-top-up/read-settings.ts'
import { draftTerms } from '../../functions/terms/publish-terms.ts'
import { createTermsStore } from '../../functions/terms/terms.store.ts'
import { publishTermsSchema } from '../../functions/terms/terms.ts'
import { personClaims, send } from '../support/request.ts'
import { IS_DECLINED, startAutoTopUps, UNIT } from './auto-top-up-world.ts'

let world: Awaited<ReturnType<typeof startAutoTopUps>>

beforeAll(async () => {
  world = await startAutoTopUps()
})
afterAll(() => world.stop())

async function openWithCard(creditMicros: bigint, card?: string) {
  const account = await world.open(creditMicros, { card })
  await world.switchOff(account, new Date())
  return account
}

describe('switching automatic top-up on', () => {
  it('keeps who agreed, to what and under which terms, and charges nothing that need not be', async () => {
    const now = new Date()
    const account = await openWithCard(20n * UNIT)
    const consent = {
      actor: 'person:7',
      email: 'owner@client.example.com',
      wordingVersion: '1',
      sourceIp: '192.0.2.1',
    }
    const document = await world.switchOn(account, { now, consent })
    expect(document).toMatchObject({ status: 'on', consent: { ...consent, at: now.toISOString() } })
    expect((await world.stateOf(account)).intents).toEqual([])
  })

  it('below the threshold asks for a confirmation that names the amount, and writes nothing without it', async () => {
    const account = await openWithCard(5n * UNIT)
    const before = (await world.stateOf(account)).document
    await expect(world.switchOn(account)).rejects.toMatchObject({
      code: 'immediate_charge_unconfirmed',
      extra: { amount: { amount: '45.00', currency: 'USD' } },
    })
    const after = await world.stateOf(account)
    expect(after.document).toEqual(before)
    expect(after.topUps).toEqual([])
  })

  it('charges at once what was confirmed, and once when the request comes twice at once', async () => {
    const account = await openWithCard(5n * UNIT)
    const agreement = { isChargeConfirmed: true, now: new Date() }
    await Promise.all([world.switchOn(account, agreement), world.switchOn(account, agreement)])
    const { intents, availableMicros, document } = await world.stateOf(account)
    expect([intents.length, availableMicros]).toEqual([1, 50n * UNIT])
    expect(document).toMatchObject({ status: 'on', chargedMicros: 45n * UNIT })
    await world.switchOn(account, agreement)
    expect((await world.stateOf(account)).intents).toHaveLength(1)
  })

  it('says that it is paused when that charge is declined', async () => {
    const account = await openWithCard(5n * UNIT, IS_DECLINED)
    const document = await world.switchOn(account, { isChargeConfirmed: true })
    expect(presentAutoTopUp(account, document, document.changedAt)).toMatchObject({
      status: 'paused',
      charged: { amount: '0.00' },
      lastFailure: { reason: 'declined', amount: { amount: '45.00' } },
    })
  })

  it('needs a card', async () => {
    const account = await world.openWithPlan(1, UNIT)
    await expect(world.switchOn(account)).rejects.toMatchObject({ code: 'no_saved_card' })
  })

  it('needs a card that has not expired', async () => {
    const account = await openWithCard(30n * UNIT)
    const now = new Date('2099-01-01T00:00:00.000Z')
    await expect(world.switchOn(account, { now })).rejects.toMatchObject({ code: 'no_saved_card' })
  })

  it('goes on counting what the month has charged: off and on again is no new cap', async () => {
    const now = new Date()
    const account = await world.open(5n * UNIT)
    await world.check(account, now)
    await world.stateOf(account)
    await world.switchOff(account, now)
    const document = await world.switchOn(account, { now })
    expect(document).toMatchObject({ status: 'on', chargedMicros: 45n * UNIT })
  })
})

describe('the consent that a request gives', () => {
  const body = { currency: 'USD', threshold: '20.00', target: '50.00', monthlyCap: '200.00', consent: true }

  async function openWithOwner() {
    const account = await openWithCard(20n * UNIT)
    const [owner] = await world.accounts.listMembers(account.accountId)
    process.env.AUTO_TOP_UP_QUEUE_URL = 'http://127.0.0.1:1/nothing-is-sent-to-it'
    const { handler } = await import('../../functions/auto-top-up/auto-top-up.handler.ts')
    const put = (more: object, headers: Record<string, string> = {}) =>
      send(handler, {
        route: autoTopUpRoutes.setAutoTopUp,
        path: { accountId: account.accountId },
        body: { ...body, ...more },
        headers,
        claims: personClaims(owner!.email),
      })
    return { account, email: owner!.email, put }
  }

  async function publishTerms() {
    const terms = { document: 'terms-of-service', version: '2', title: 'Terms', class: 'editorial' }
    const at = '2026-01-01T00:00:00.000Z'
    const publication = publishTermsSchema.parse({ ...terms, effectiveAt: at, text: 'Terms' })
    const { draft, publicationHash } = draftTerms(publication, { actor: 'machine:staff', at })
    await createTermsStore(world.database).publish(draft, publicationHash)
  }

  it('says who, to which words, under which terms, and from where as the gateway saw it, whatever headers claim', async () => {
    await publishTerms()
    const { account, email, put } = await openWithOwner()
    const reply = await put(
      {},
      {
        'x-forwarded-for': '203.0.113.66',
        forwarded: 'for=203.0.113.66',
        'x-real-ip': '203.0.113.66',
        'user-agent': 'Forged',
      },
    )
    expect(reply).toMatchObject({ status: 200, body: { status: 'on' } })
    const { document } = await world.stateOf(account)
    expect(document.consent).toEqual({
      actor: `person:sub-${email}`,
      email,
      at: document.changedAt,
      wordingVersion: CONSENT_WORDING.version,
      termsVersion: 'terms-of-service@2',
      sourceIp: '192.0.2.1',
      userAgent: 'test',
    })
  })

  it('is never taken for given: without it nothing is switched on', async () => {
    const { account, put } = await openWithOwner()
    const before = (await world.stateOf(account)).document
    for (const consent of [false, undefined, 'true'])
      expect(await put({ consent })).toMatchObject({ status: 400, body: { errors: [{ field: 'consent' }] } })
    expect((await world.stateOf(account)).document).toEqual(before)
  })
})

describe('switching it off', () => {
  it('leaves a charge that is under way to its end, and begins none after it', async () => {
    const now = new Date()
    const account = await world.open(5n * UNIT)
    await world.check(account, now)
    expect(await world.switchOff(account, now)).toMatchObject({ status: 'off' })
    const { topUps } = await world.stateOf(account)
    await world.take(account, 45n * UNIT, 'low again')
    expect(await world.check(account, now, { topUpId: topUps[0]!.topUpId })).toBe('not_on')
    const { document, intents } = await world.stateOf(account)
    expect([document.inFlight, document.status, intents.length]).toEqual([undefined, 'off', 1])
  })

  it('ends a charge that the provider never got, whoever finds it: nobody is charged after they have said no', async () => {
    const now = new Date(Date.now() - 20 * 60_000)
    const account = await world.open(5n * UNIT)
    world.payments.stripe.addFault({ endpoint: 'POST /v1/payment_intents', kind: 'error_before', times: 3 })
    expect(await world.check(account, now)).toBe('unanswered')
    world.payments.stripe.releaseFaults()
    await world.switchOff(account, now)
    expect(await world.check(account, new Date(), { isRecheck: true })).toBe('unanswered')
    expect((await world.stateOf(account)).intents).toEqual([])
    await world.payments.reconcile()
    const { intents, topUps } = await world.stateOf(account)
    expect(intents).toEqual([])
    expect(topUps).toMatchObject([{ status: 'expired' }])
    expect(await world.check(account, new Date(), { topUpId: topUps[0]!.topUpId })).toBe('not_on')
    const { document } = await world.stateOf(account)
    expect(document).toMatchObject({ status: 'off', chargedMicros: 0n, failuresInARow: 0 })
    expect(document.inFlight).toBeUndefined()
  })

  it('credits a charge of which the provider’s answer was lost, and looks whether there is one before it ends it', async () => {
    const now = new Date(Date.now() - 20 * 60_000)
    const account = await world.open(5n * UNIT)
    world.payments.stripe.setDelivery({ lose: true })
    world.payments.stripe.addFault({ endpoint: 'POST /v1/payment_intents', kind: 'error_after', times: 1 })
    expect(await world.check(account, now)).toBe('unanswered')
    await world.stateOf(account)
    world.payments.stripe.setDelivery({})
    await world.switchOff(account, now)
    await world.payments.reconcile()
    const { intents, topUps, availableMicros } = await world.stateOf(account)
    expect(intents).toHaveLength(1)
    expect(topUps).toMatchObject([{ status: 'settled' }])
    expect(availableMicros).toBe(50n * UNIT)
  })

  it('goes with a dispute: the items switch off what is on, and fail where it was changed meanwhile', async () => {
    const account = await world.open(30n * UNIT)
    const { autoTopUps } = world.options
    const at = new Date().toISOString()
    const [item] = await autoTopUps.offForDispute(account.accountId, at)
    expect(item!.Put!.Item).toMatchObject({ status: 'off', offReason: 'disputed' })
    await world.switchOff(account, new Date())
    expect(await autoTopUps.offForDispute(account.accountId, at)).toEqual([])
    const document = (await autoTopUps.read(account.accountId))!
    expect(item!.Put!.ExpressionAttributeValues![':read']).toBe(document.revision - 1n)
  })
})

describe('what a client asks for', () => {
  const asked = {
    currency: 'USD',
    threshold: '20.00',
    target: '50.00',
    monthlyCap: '200.00',
    consent: true,
  }
  const settingsOf = (more: object) =>
    readSettings({ currency: 'USD' }, autoTopUpBody.parse({ ...asked, ...more }))

  it('is read to the micro', () => {
    expect(settingsOf({})).toEqual({
      thresholdMicros: 20n * UNIT,
      targetMicros: 50n * UNIT,
      amountMicros: undefined,
      monthlyCapMicros: 200n * UNIT,
    })
  })

  it.each([
    ['target', { target: '20.00' }],
    ['target', { target: '19.99' }],
    ['target', { target: '50.001' }],
    ['target', { target: '10000.01', monthlyCap: '20000.00' }],
    ['amount', { target: undefined, amount: '0.49' }],
    ['threshold', { threshold: '20.001' }],
    ['monthlyCap', { monthlyCap: '49.99' }],
    ['monthlyCap', { monthlyCap: '200.001' }],
    ['monthlyCap', { target: undefined, amount: '60.00', monthlyCap: '59.99' }],
  ])('is refused with the field that is wrong: %s of %j', (field, more) => {
    expect(() => settingsOf(more)).toThrow(
      expect.objectContaining({ code: 'request_invalid', errors: [expect.objectContaining({ field })] }),
    )
  })

  it('is in the account’s currency', () => {
    expect(() => settingsOf({ currency: 'EUR' })).toThrow(expect.objectContaining({ code: 'wrong_currency' }))
  })

  it.each([
    ['consent', { consent: undefined }],
    ['consent', { consent: false }],
    ['target', { amount: '30.00' }],
    ['target', { target: undefined }],
    ['threshold', { threshold: 20 }],
    ['wordingVersion', { wordingVersion: 'other' }],
  ])('has the form that the API describes: %s of %j', (field, more) => {
    const parsed = autoTopUpBody.safeParse({ ...asked, ...more })
    expect(parsed.error?.issues.map(({ path }) => path[0])).toEqual([field])
  })
})
