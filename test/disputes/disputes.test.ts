import { readFileSync } from 'node:fs'
import { PutCommand, ScanCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import fc from 'fast-check'
import type Stripe from 'stripe'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Account } from '../../functions/accounts/account.ts'
import { createAutoTopUpStore } from '../../functions/auto-top-up/auto-top-up.store.ts'
import { createDisputeStore, type DisputeStore } from '../../functions/disputes/dispute.store.ts'
import { DISPUTE_TRANSITIONS } from '../../functions/disputes/dispute.ts'
import { disputeRoutes } from '../../functions/disputes/disputes.routes.ts'
import { debit } from '../../functions/ledger/decide-movement.ts'
import { proveAccount } from '../../functions/ledger/prove-account.ts'
import { statementRoutes } from '../../functions/statements/statements.routes.ts'
import { payCheckout } from '../../local/stripe.ts'
import { sdkFor } from '../local/stripe/stripe-stack.ts'
import { personClaims, send } from '../support/request.ts'
import { startPayments } from '../top-up/payments.ts'

const UNIT = 1_000_000n
const PAYS = '4242424242424242'
let payments: Awaited<ReturnType<typeof startPayments>>
let disputes: DisputeStore
let sdk: Stripe

beforeAll(async () => {
  payments = await startPayments()
  sdk = sdkFor(payments.stripe.url, 'sk_test_drawdown')
  disputes = createDisputeStore(payments.database)
})
afterAll(() => payments.stop())
beforeEach(() => {
  payments.stripe.setDelivery({})
  payments.stripe.setWebhookUrl(payments.webhookUrl)
})

/** A top-up of an account, settled, and the provider's id of its payment. */
async function payIn(account: Account, amount: string, key = 'first') {
  const started = await payments.start(account, amount, {}, key)
  await payCheckout(started.paymentUrl!, PAYS)
  await payments.stripe.untilIdle()
  const topUp = (await payments.topUps.read(account.accountId, started.topUpId))!
  return { ...topUp, paymentId: topUp.paymentId! }
}

let spends = 0
async function spend({ accountId, currency }: Account, amountMicros: bigint) {
  spends += 1
  const movement = {
    kind: 'charge' as const,
    amountMicros,
    currency,
    contra: 'revenue:charge' as const,
    reason: 'used',
    actor: 'machine:test',
    detail: {},
  }
  const at = new Date().toISOString()
  return payments.ledger.post({
    accountId,
    key: `spend:${spends}`,
    at,
    decide: (head) => debit(head, movement),
  })
}

async function setStatus({ accountId }: Account, status: 'open' | 'parked' | 'closed') {
  await payments.database.client.send(
    new UpdateCommand({
      TableName: payments.database.ledgerTable,
      Key: { pk: `ACCOUNT#${accountId}`, sk: 'HEAD' },
      UpdateExpression: 'SET #status = :status, revision = revision + :one',
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: { ':status': status, ':one': 1n },
    }),
  )
}

/** What an account has and owes, by books that prove. */
async function stateOf({ accountId }: Account) {
  const head = (await payments.ledger.readHead(accountId))!
  const entries = await payments.entriesOf(accountId)
  expect(proveAccount(head, entries)).toEqual([])
  const cashMicros = entries
    .flatMap(({ postings }) => postings)
    .filter(({ account }) => account === 'cash:stripe')
    .reduce((sum, { amountMicros }) => sum - amountMicros, 0n)
  return { available: head.availableMicros, owed: head.receivableMicros, cash: cashMicros }
}

const claims = personClaims('owner@client.example.com')

/** Writes the account itself, with an owner who may read it. */
async function addOwner(account: Account) {
  const { documentsTable, client } = payments.database
  const pk = `ACCOUNT#${account.accountId}`
  await client.send(new PutCommand({ TableName: documentsTable, Item: { pk, sk: 'PROFILE', ...account } }))
  const email = 'owner@client.example.com'
  const member = { pk, sk: `MEMBER#${email}`, accountId: account.accountId, email, role: 'owner' }
  await client.send(new PutCommand({ TableName: documentsTable, Item: member }))
}

/** What the owner reads over the API. */
async function read(
  { accountId }: Account,
  route: string,
  path: Record<string, string> = {},
  query: Record<string, string> = {},
) {
  process.env.USAGE_TABLE = payments.database.usageTable
  const { handler } = route.includes('disputes')
    ? await import('../../functions/disputes/disputes.handler.ts')
    : await import('../../functions/statements/statements.handler.ts')
  return send(handler, { route, path: { accountId, ...path }, query, claims })
}

type Step =
  | { kind: 'top_up' | 'spend'; units: number }
  | { kind: 'dispute'; payment: number; units: number; isInquiry: boolean }
  | { kind: 'move'; dispute: number; move: 'winDispute' | 'loseDispute' | 'escalateInquiry' | 'closeInquiry' }
  | { kind: 'refund'; payment: number; units: number }
  | { kind: 'deliver' }

const units = fc.integer({ min: 1, max: 40 })
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constantFrom('top_up' as const, 'spend' as const), units }),
    fc.record({ kind: fc.constant('dispute' as const), payment: fc.nat(), units, isInquiry: fc.boolean() }),
    fc.record({
      kind: fc.constant('move' as const),
      dispute: fc.nat(),
      move: fc.constantFrom(...(['winDispute', 'loseDispute', 'escalateInquiry', 'closeInquiry'] as const)),
    }),
    fc.record({ kind: fc.constant('refund' as const), payment: fc.nat(), units }),
    fc.constant({ kind: 'deliver' as const }),
  ),
  { minLength: 3, maxLength: 12 },
)

/** What Stripe refuses for its own reasons (more than is left, a dispute that is over) does not happen. */
function unlessRefused<Result>(work: () => Result): Result | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

/** Plays steps against Stripe and the account; what Stripe has paid out to us in the end, and what was spent. */
async function play(account: Account, played: Step[]) {
  const { controls } = payments.stripe
  const paid: { paymentId: string; units: number }[] = []
  const disputed: Stripe.Dispute[] = []
  let [refundedUnits, spentUnits] = [0, 0]
  for (const [index, step] of played.entries()) {
    payments.stripe.setWebhookUrl(step.kind === 'deliver' ? payments.webhookUrl : undefined)
    const of = 'payment' in step && paid.length > 0 ? paid[step.payment % paid.length] : undefined
    if (step.kind === 'deliver') await payments.stripe.untilIdle()
    if (step.kind === 'top_up') {
      const started = await payments.start(account, `${step.units}.00`, {}, `key-${index}`)
      await payCheckout(started.paymentUrl!, PAYS)
      const [intent] = (await sdk.paymentIntents.list({ limit: 1 })).data
      paid.push({ paymentId: intent!.id, units: step.units })
    }
    if (step.kind === 'spend' && (await spend(account, BigInt(step.units) * UNIT)).ok)
      spentUnits += step.units
    if (step.kind === 'dispute' && of) {
      const terms = { amount: Math.min(step.units, of.units) * 100, isInquiry: step.isInquiry }
      const dispute = unlessRefused(() => controls.openDispute(of.paymentId, terms))
      if (dispute) disputed.push(dispute)
    }
    if (step.kind === 'move' && disputed.length > 0)
      unlessRefused(() => controls[step.move](disputed[step.dispute % disputed.length]!.id))
    if (
      step.kind === 'refund' &&
      of &&
      unlessRefused(() => controls.refundByHand(of.paymentId, step.units * 100))
    )
      refundedUnits += step.units
  }
  payments.stripe.setWebhookUrl(payments.webhookUrl)
  await payments.stripe.untilIdle()
  const now = await Promise.all(disputed.map(({ id }) => sdk.disputes.retrieve(id)))
  const withBank = now.filter(({ status }) => ['needs_response', 'under_review', 'lost'].includes(status))
  const disputedUnits = withBank.reduce((sum, { amount }) => sum + amount / 100, 0)
  const paidUnits = paid.reduce((sum, each) => sum + each.units, 0)
  return {
    cash: BigInt(paidUnits - refundedUnits - disputedUnits) * UNIT,
    spent: BigInt(spentUnits) * UNIT,
  }
}

const documentOf = ({ accountId }: Account, { id }: Stripe.Dispute) => disputes.read(accountId, id)

describe('a disputed payment', () => {
  it('goes out of the credit when the bank takes it, and comes back when it is won', async () => {
    const account = await payments.openAccount()
    const topUp = await payIn(account, '50.00')
    const dispute = payments.stripe.controls.openDispute(topUp.paymentId)
    await payments.stripe.untilIdle()
    expect(await stateOf(account)).toEqual({ available: 0n, owed: 0n, cash: 0n })
    expect(await documentOf(account, dispute)).toMatchObject({
      status: 'open',
      topUpId: topUp.topUpId,
      amountMicros: 50n * UNIT,
      taken: { entrySequence: 2n, creditMicros: 50n * UNIT, owedMicros: 0n },
      reason: 'fraudulent',
    })
    payments.stripe.controls.winDispute(dispute.id)
    await payments.stripe.untilIdle()
    expect(await stateOf(account)).toEqual({ available: 50n * UNIT, owed: 0n, cash: 50n * UNIT })
    expect(await documentOf(account, dispute)).toMatchObject({
      status: 'won',
      returned: { entrySequence: 3n, creditMicros: 50n * UNIT },
    })
    const entries = await payments.entriesOf(account.accountId)
    expect(entries.map(({ kind, key, reverses }) => [kind, key, reverses])).toEqual([
      ['top_up', `top-up:${topUp.topUpId}`, undefined],
      ['dispute', `dispute:${dispute.id}`, 1n],
      ['dispute_won', `dispute-won:${dispute.id}`, 2n],
    ])
  })

  it('leaves owed what the credit does not suffice for, which the next top-up pays first', async () => {
    const account = await payments.openAccount()
    const topUp = await payIn(account, '50.00')
    await spend(account, 30n * UNIT)
    const dispute = payments.stripe.controls.openDispute(topUp.paymentId)
    await payments.stripe.untilIdle()
    expect(await stateOf(account)).toEqual({ available: 0n, owed: 30n * UNIT, cash: 0n })
    expect((await spend(account, 1n)).ok).toBe(false)
    await payIn(account, '40.00', 'second')
    expect(await stateOf(account)).toEqual({ available: 10n * UNIT, owed: 0n, cash: 40n * UNIT })
    payments.stripe.controls.loseDispute(dispute.id)
    await payments.stripe.untilIdle()
    expect(await stateOf(account)).toEqual({ available: 10n * UNIT, owed: 0n, cash: 40n * UNIT })
    expect(await documentOf(account, dispute)).toMatchObject({ status: 'lost' })
  })

  it('gives back first what is still owed, and the rest as credit', async () => {
    const account = await payments.openAccount()
    const topUp = await payIn(account, '50.00')
    await spend(account, 30n * UNIT)
    const dispute = payments.stripe.controls.openDispute(topUp.paymentId)
    await payments.stripe.untilIdle()
    await payIn(account, '10.00', 'second')
    expect(await stateOf(account)).toEqual({ available: 0n, owed: 20n * UNIT, cash: 10n * UNIT })
    payments.stripe.controls.winDispute(dispute.id)
    await payments.stripe.untilIdle()
    expect(await stateOf(account)).toEqual({ available: 30n * UNIT, owed: 0n, cash: 60n * UNIT })
  })

  it('takes its own credit before other credit, and only as much as is disputed', async () => {
    const account = await payments.openAccount()
    await payIn(account, '20.00')
    const disputed = await payIn(account, '50.00', 'second')
    const dispute = payments.stripe.controls.openDispute(disputed.paymentId, { amount: 1234 })
    await payments.stripe.untilIdle()
    expect(await stateOf(account)).toEqual({ available: 57_660_000n, owed: 0n, cash: 57_660_000n })
    const entry = (await payments.entriesOf(account.accountId)).at(-1)!
    expect(entry.lots).toEqual([{ lot: 2n, source: 'top_up', changeMicros: -12_340_000n }])
    expect((await documentOf(account, dispute))!.amountMicros).toBe(12_340_000n)
  })

  it('moves nothing while the bank only asks, and nothing when the question comes to nothing', async () => {
    const account = await payments.openAccount()
    const topUp = await payIn(account, '50.00')
    const dispute = payments.stripe.controls.openDispute(topUp.paymentId, { isInquiry: true })
    await payments.stripe.untilIdle()
    expect(await documentOf(account, dispute)).toMatchObject({ status: 'inquiry', takings: 0n })
    payments.stripe.controls.closeInquiry(dispute.id)
    await payments.stripe.untilIdle()
    expect(await documentOf(account, dispute)).toMatchObject({ status: 'closed', takings: 0n })
    expect(await payments.entriesOf(account.accountId)).toHaveLength(1)
  })

  it('is taken once a question has become a dispute', async () => {
    const account = await payments.openAccount()
    const topUp = await payIn(account, '50.00')
    const dispute = payments.stripe.controls.openDispute(topUp.paymentId, { isInquiry: true })
    await payments.stripe.untilIdle()
    payments.stripe.controls.escalateInquiry(dispute.id)
    await payments.stripe.untilIdle()
    expect(await documentOf(account, dispute)).toMatchObject({ status: 'open' })
    expect(await stateOf(account)).toEqual({ available: 0n, owed: 0n, cash: 0n })
  })

  it('is taken once, however often and in whatever order its events come', async () => {
    const account = await payments.openAccount()
    const topUp = await payIn(account, '50.00')
    payments.stripe.setWebhookUrl(undefined)
    payments.stripe.setDelivery({ duplicate: true, shuffle: true })
    const dispute = payments.stripe.controls.openDispute(topUp.paymentId, { isInquiry: true })
    payments.stripe.controls.escalateInquiry(dispute.id)
    payments.stripe.controls.loseDispute(dispute.id)
    payments.stripe.setWebhookUrl(payments.webhookUrl)
    await payments.stripe.untilIdle()
    expect(await documentOf(account, dispute)).toMatchObject({ status: 'lost', takings: 1n })
    expect(await stateOf(account)).toEqual({ available: 0n, owed: 0n, cash: 0n })
    expect(await payments.entriesOf(account.accountId)).toHaveLength(2)
  })

  it('that is first heard of when it is won moves nothing', async () => {
    const account = await payments.openAccount()
    const topUp = await payIn(account, '50.00')
    payments.stripe.setWebhookUrl(undefined)
    const dispute = payments.stripe.controls.openDispute(topUp.paymentId)
    payments.stripe.controls.winDispute(dispute.id)
    payments.stripe.setWebhookUrl(payments.webhookUrl)
    await payments.stripe.untilIdle()
    expect(await documentOf(account, dispute)).toMatchObject({ status: 'won', takings: 0n })
    expect(await payments.entriesOf(account.accountId)).toHaveLength(1)
  })

  it('that is not credited yet is credited first, and then taken', async () => {
    const account = await payments.openAccount()
    payments.stripe.setWebhookUrl(undefined)
    payments.stripe.setDelivery({ shuffle: true })
    const started = await payments.start(account, '50.00')
    await payCheckout(started.paymentUrl!, PAYS)
    const [intent] = (await sdk.paymentIntents.list({ limit: 1 })).data
    const dispute = payments.stripe.controls.openDispute(intent!.id)
    payments.stripe.setWebhookUrl(payments.webhookUrl)
    await payments.stripe.untilIdle()
    expect(await documentOf(account, dispute)).toMatchObject({ status: 'open' })
    const entries = await payments.entriesOf(account.accountId)
    expect(entries.map(({ kind }) => kind)).toEqual(['top_up', 'dispute'])
    expect(await stateOf(account)).toEqual({ available: 0n, owed: 0n, cash: 0n })
  })

  it('is owed whole where the account is parked or closed', async () => {
    for (const status of ['parked', 'closed'] as const) {
      const account = await payments.openAccount()
      const topUp = await payIn(account, '50.00')
      if (status === 'closed') await spend(account, 50n * UNIT)
      await setStatus(account, status)
      payments.stripe.controls.openDispute(topUp.paymentId)
      await payments.stripe.untilIdle()
      const available = status === 'parked' ? 50n * UNIT : 0n
      expect(await stateOf(account)).toEqual({ available, owed: 50n * UNIT, cash: 0n })
    }
  })

  it('that is won for a closed account is for staff, and is given back when it is told again after it was opened', async () => {
    const account = await payments.openAccount()
    const topUp = await payIn(account, '50.00')
    const dispute = payments.stripe.controls.openDispute(topUp.paymentId)
    await payments.stripe.untilIdle()
    await setStatus(account, 'closed')
    const won = payments.stripe.controls.winDispute(dispute.id)
    await payments.stripe.untilIdle()
    expect(await documentOf(account, dispute)).toMatchObject({ status: 'won', mismatch: 'account_closed' })
    expect(await stateOf(account)).toEqual({ available: 0n, owed: 0n, cash: 0n })
    await setStatus(account, 'open')
    payments.stripe.controls.sendEvent('charge.dispute.updated', won)
    await payments.stripe.untilIdle()
    const document = (await documentOf(account, dispute))!
    expect(document).toMatchObject({ status: 'won', returned: { creditMicros: 50n * UNIT } })
    expect(document.mismatch).toBeUndefined()
    expect(await stateOf(account)).toEqual({ available: 50n * UNIT, owed: 0n, cash: 50n * UNIT })
  })

  it('that is won for a closed account pays what it owes, and what was credit comes back by itself once it is open', async () => {
    const account = await payments.openAccount()
    const topUp = await payIn(account, '50.00')
    await spend(account, 20n * UNIT)
    const taken = payments.stripe.controls.openDispute(topUp.paymentId, { amount: 3000 })
    await payments.stripe.untilIdle()
    await setStatus(account, 'closed')
    const owed = payments.stripe.controls.openDispute(topUp.paymentId, { amount: 2000 })
    await payments.stripe.untilIdle()
    expect(await stateOf(account)).toEqual({ available: 0n, owed: 20n * UNIT, cash: 0n })
    payments.stripe.controls.winDispute(owed.id)
    await payments.stripe.untilIdle()
    expect(await documentOf(account, owed)).toMatchObject({
      status: 'won',
      returned: { owedMicros: 20n * UNIT },
    })
    expect(await stateOf(account)).toEqual({ available: 0n, owed: 0n, cash: 20n * UNIT })
    payments.stripe.controls.winDispute(taken.id)
    await payments.stripe.untilIdle()
    expect(await documentOf(account, taken)).toMatchObject({ status: 'won', mismatch: 'account_closed' })
    await setStatus(account, 'open')
    vi.setSystemTime(Date.now() + 20 * 60_000)
    await payments.reconcile()
    vi.useRealTimers()
    expect((await documentOf(account, taken))!.mismatch).toBeUndefined()
    expect(await stateOf(account)).toEqual({ available: 30n * UNIT, owed: 0n, cash: 50n * UNIT })
  })

  it('shows in the balance and on the lines what is owed, and what a top-up paid of it', async () => {
    const account = await payments.openAccount()
    await addOwner(account)
    const topUp = await payIn(account, '50.00')
    expect((await read(account, statementRoutes.readBalance)).body.owed).toBeUndefined()
    await spend(account, 30n * UNIT)
    payments.stripe.controls.openDispute(topUp.paymentId)
    await payments.stripe.untilIdle()
    const balance = await read(account, statementRoutes.readBalance)
    expect(balance.body).toMatchObject({ available: { amount: '0.00' }, owed: { amount: '30.00' } })
    await payIn(account, '40.00', 'second')
    const { body } = await read(account, statementRoutes.listTransactions)
    const lines = body.transactions as unknown as { kind: string; amount: object; owed?: object }[]
    expect(lines.map(({ kind, amount, owed }) => [kind, amount, owed])).toEqual([
      ['top_up', { amount: '10.00', currency: 'USD' }, { amount: '-30.00', currency: 'USD' }],
      ['dispute', { amount: '-20.00', currency: 'USD' }, { amount: '30.00', currency: 'USD' }],
      ['charge', { amount: '-30.00', currency: 'USD' }, undefined],
      ['top_up', { amount: '50.00', currency: 'USD' }, undefined],
    ])
  })

  it('is shown to its account’s people, page by page, and to nobody else’s', async () => {
    const account = await payments.openAccount()
    await addOwner(account)
    const topUp = await payIn(account, '50.00')
    const opened = [1000, 2000].map((amount) =>
      payments.stripe.controls.openDispute(topUp.paymentId, { amount }),
    )
    await payments.stripe.untilIdle()
    const one = await read(account, disputeRoutes.readDispute, { disputeId: opened[1]!.id })
    expect(one.body).toMatchObject({
      disputeId: opened[1]!.id,
      status: 'open',
      amount: { amount: '20.00', currency: 'USD' },
      taken: { transaction: expect.any(Number), credit: { amount: '20.00' }, owed: { amount: '0.00' } },
    })
    const first = await read(account, disputeRoutes.listDisputes, {}, { limit: '1' })
    const cursor = first.body.nextCursor as unknown as string
    const second = await read(account, disputeRoutes.listDisputes, {}, { limit: '1', cursor })
    const ids = [first, second].flatMap(
      ({ body }) => (body.disputes as unknown as { disputeId: string }[])[0]!.disputeId,
    )
    expect(ids.toSorted()).toEqual(opened.map(({ id }) => id).toSorted())
    expect((await read(account, disputeRoutes.readDispute, { disputeId: 'du_none' })).status).toBe(404)
    const other = await payments.openAccount()
    expect((await read(other, disputeRoutes.listDisputes)).status).toBe(404)
  })

  it('switches automatic top-up off in the same write, and not again when it is lost', async () => {
    const account = await payments.openAccount()
    const topUp = await payIn(account, '50.00')
    const pk = `ACCOUNT#${account.accountId}`
    const counts = { attempts: 0n, toldPercent: 0n, failuresInARow: 0n, chargedMicros: 0n }
    const on = { pk, sk: 'AUTO_TOP_UP', accountId: account.accountId, status: 'on', revision: 1n, ...counts }
    const { client, paymentsTable } = payments.database
    await client.send(new PutCommand({ TableName: paymentsTable, Item: on }))
    const autoTopUps = createAutoTopUpStore(payments.database)
    const dispute = payments.stripe.controls.openDispute(topUp.paymentId)
    await payments.stripe.untilIdle()
    expect(await autoTopUps.read(account.accountId)).toMatchObject({ status: 'off', offReason: 'disputed' })
    await client.send(new PutCommand({ TableName: paymentsTable, Item: { ...on, revision: 9n } }))
    payments.stripe.controls.loseDispute(dispute.id)
    await payments.stripe.untilIdle()
    expect(await documentOf(account, dispute)).toMatchObject({ status: 'lost' })
    expect(await autoTopUps.read(account.accountId)).toMatchObject({ status: 'on', revision: 9n })
  })

  it('may be one of several of its payment', async () => {
    const account = await payments.openAccount()
    const topUp = await payIn(account, '50.00')
    const first = payments.stripe.controls.openDispute(topUp.paymentId, { amount: 2000 })
    const second = payments.stripe.controls.openDispute(topUp.paymentId, { amount: 4000 })
    await payments.stripe.untilIdle()
    expect(await stateOf(account)).toEqual({ available: 0n, owed: 10n * UNIT, cash: -10n * UNIT })
    payments.stripe.controls.winDispute(first.id)
    payments.stripe.controls.loseDispute(second.id)
    await payments.stripe.untilIdle()
    expect(await stateOf(account)).toEqual({ available: 10n * UNIT, owed: 0n, cash: 10n * UNIT })
  })

  it('of none of our payments is answered and leaves nothing', async () => {
    const object = { id: 'du_other', object: 'dispute', payment_intent: 'pi_other' }
    payments.stripe.controls.sendEvent('charge.dispute.created', object)
    await payments.stripe.untilIdle()
    // An event leaves the provider only when it was answered with 200.
    expect(payments.stripe.isIdle()).toBe(true)
    const documents = await payments.database.client.send(
      new ScanCommand({ TableName: payments.database.paymentsTable }),
    )
    expect(JSON.stringify(documents.Items!.map(({ sk }) => sk))).not.toContain('du_other')
  })

  it('comes again when the provider cannot be asked', async () => {
    const account = await payments.openAccount()
    const topUp = await payIn(account, '50.00')
    payments.stripe.addFault({ endpoint: 'GET /v1/disputes/:id', kind: 'error_before', times: 3 })
    const dispute = payments.stripe.controls.openDispute(topUp.paymentId)
    await payments.stripe.untilIdle()
    expect(await documentOf(account, dispute)).toMatchObject({ status: 'open', takings: 1n })
  })
})

describe('payments, refunds and disputes in any order', () => {
  it('leave in the books what Stripe has paid out to us, and never less than nothing', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (played) => {
        payments.stripe.setDelivery({ duplicate: true, shuffle: true })
        const account = await payments.openAccount()
        const { cash, spent } = await play(account, played)
        const reached = await stateOf(account)
        expect(reached.cash).toBe(cash)
        expect(reached.available - reached.owed).toBe(cash - spent)
        for (const entry of await payments.entriesOf(account.accountId))
          expect(entry.availableAfterMicros).toBeGreaterThanOrEqual(0n)
      }),
      { numRuns: 15 },
    )
  })
})

describe('the table in the README', () => {
  it('has every transition of the code, and no other', () => {
    const readme = readFileSync(new URL('../../functions/disputes/README.md', import.meta.url), 'utf8')
    const [table = ''] = /\| from [\s\S]*?\n\n/.exec(readme) ?? []
    const namesIn = (text: string) => [...text.matchAll(/`([a-z_]+)`/g)].map(([, name]) => name!)
    const rows = [...table.matchAll(/^\| (`[a-z_]+`) *\|(.*)\|$/gm)].map(([, from, to]) => [
      namesIn(from!)[0]!,
      namesIn(to!),
    ])
    expect(Object.fromEntries(rows)).toEqual(DISPUTE_TRANSITIONS)
  })
})
