import type Stripe from 'stripe'
import { describe, expect, it, vi } from 'vitest'
import { payCheckout } from '../../../local/stripe.ts'
import { pay, type StripeStack, topUpSession, useOneStripeStack } from './stripe-stack.ts'

let stack: StripeStack
let sdk: Stripe
useOneStripeStack((started) => {
  stack = started
  sdk = started.sdk
})

/** A payment by a card that is disputed at once, and its dispute. */
async function disputed(card = 'pm_card_createDispute') {
  const intent = await pay(sdk, card)
  const { data } = await sdk.disputes.list({ payment_intent: intent.id })
  expect(data).toHaveLength(1)
  return { intent, dispute: data[0]! }
}

function answer(dispute: Stripe.Dispute, text: string, submit?: boolean): Promise<Stripe.Dispute> {
  return sdk.disputes.update(dispute.id, { evidence: { uncategorized_text: text }, submit })
}

describe('a dispute', () => {
  it('follows a payment by its test card: the money and a fee are taken at once', async () => {
    const { intent, dispute } = await disputed()

    expect(dispute).toMatchObject({
      object: 'dispute',
      amount: 2500,
      currency: 'usd',
      status: 'needs_response',
      reason: 'fraudulent',
      payment_intent: intent.id,
      charge: intent.latest_charge,
      is_charge_refundable: false,
      balance_transactions: [{ amount: -2500, fee: 1500, net: -4000, type: 'adjustment' }],
      payment_method_details: { card: { case_type: 'chargeback', network_reason_code: '10.4' } },
    })
    expect(await sdk.disputes.retrieve(dispute.id, { expand: ['charge'] })).toMatchObject({
      charge: { id: intent.latest_charge, disputed: true },
    })
    await stack.running.untilIdle()
    expect(stack.types()).toEqual([
      'payment_intent.created',
      'charge.succeeded',
      'payment_intent.succeeded',
      'charge.dispute.created',
      'charge.dispute.funds_withdrawn',
    ])
  })

  it('comes after the end of a Checkout session', async () => {
    const session = await sdk.checkout.sessions.create(topUpSession())
    await payCheckout(session.url!, '4000000000002685')
    await stack.running.untilIdle()
    expect(stack.types().slice(-3)).toEqual([
      'checkout.session.completed',
      'charge.dispute.created',
      'charge.dispute.funds_withdrawn',
    ])
    expect(stack.received.at(-1)?.event.data.object).toMatchObject({ reason: 'product_not_received' })
  })

  it('is won with winning evidence: the money and the fee come back', async () => {
    const { dispute } = await disputed()
    const types = await stack.typesAfter(() => answer(dispute, 'winning_evidence'))
    expect(types).toEqual([
      'charge.dispute.updated',
      'charge.dispute.closed',
      'charge.dispute.funds_reinstated',
    ])
    const won = await sdk.disputes.retrieve(dispute.id)
    expect(won.status).toBe('won')
    expect(won.balance_transactions.map(({ net }) => net)).toEqual([-4000, 4000])
    await expect(sdk.disputes.close(dispute.id)).rejects.toThrow('already closed')
  })

  it('is lost with losing evidence, and when it is closed', async () => {
    for (const lose of [
      (dispute: Stripe.Dispute) => answer(dispute, 'losing_evidence'),
      (dispute: Stripe.Dispute) => sdk.disputes.close(dispute.id),
    ]) {
      const { dispute } = await disputed()
      const types = await stack.typesAfter(() => lose(dispute))
      expect(types.at(-1)).toBe('charge.dispute.closed')
      const lost = await sdk.disputes.retrieve(dispute.id)
      expect(lost.status).toBe('lost')
      expect(lost.balance_transactions).toHaveLength(1)
    }
  })

  it('is under review with any other evidence, and staged evidence is not submitted', async () => {
    const { dispute } = await disputed()
    expect(await answer(dispute, 'see our records', false)).toMatchObject({
      status: 'needs_response',
      evidence_details: { has_evidence: true, submission_count: 0 },
    })
    expect(await answer(dispute, 'see our records')).toMatchObject({
      status: 'under_review',
      evidence: { uncategorized_text: 'see our records' },
      evidence_details: { submission_count: 1, submission_method: 'manual' },
    })
    expect(stack.running.controls.loseDispute(dispute.id).status).toBe('lost')
    await expect(answer(dispute, 'too late')).rejects.toMatchObject({ statusCode: 400 })
  })

  it('is lost when nobody answers in time', async () => {
    const { dispute } = await disputed()
    vi.useFakeTimers({ toFake: ['Date'], now: dispute.evidence_details.due_by! * 1000 })
    expect(stack.running.settleDue()).toBeGreaterThan(0)
    expect((await sdk.disputes.retrieve(dispute.id)).status).toBe('lost')
  })

  it('keeps its charge from being refunded until it is won', async () => {
    const { intent, dispute } = await disputed()
    const refund = () => sdk.refunds.create({ payment_intent: intent.id, amount: 100 })
    await expect(refund()).rejects.toMatchObject({ statusCode: 400, code: 'charge_disputed' })
    stack.running.controls.winDispute(dispute.id)
    expect((await refund()).status).toBe('succeeded')
  })

  it('may be about a part, and is opened and decided by controls', async () => {
    const intent = await pay(sdk, 'pm_card_visa')
    const control = async (path: string, body: object) => {
      const reply = await fetch(`${stack.running.url}/_local/${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
      })
      return { status: reply.status, body: (await reply.json()) as Stripe.Dispute }
    }
    const { body: dispute } = await control('disputes', { payment_intent: intent.id, amount: 900 })
    expect(dispute).toMatchObject({ amount: 900, balance_transactions: [{ amount: -900 }] })
    expect((await control('disputes/win', { dispute: dispute.id })).body.status).toBe('won')
    expect((await control('disputes/lose', { dispute: dispute.id })).status).toBe(400)
    expect((await control('disputes', { payment_intent: intent.id, amount: 2501 })).status).toBe(400)
  })

  it('knows its parameters', async () => {
    const { dispute } = await disputed()
    await expect(
      sdk.disputes.update(dispute.id, { evidence: { colour: 'red' } } as Stripe.DisputeUpdateParams),
    ).rejects.toMatchObject({ code: 'parameter_unknown', param: 'evidence[colour]' })
    await expect(sdk.disputes.retrieve('du_none')).rejects.toMatchObject({ statusCode: 404 })
    expect(await sdk.disputes.update(dispute.id, { metadata: { case: '7' } })).toMatchObject({
      metadata: { case: '7' },
      status: 'needs_response',
    })
  })
})

describe('an inquiry', () => {
  it('is told like a dispute, but no money moves and the charge can be refunded', async () => {
    const { intent, dispute } = await disputed('pm_card_createDisputeInquiry')
    expect(dispute).toMatchObject({
      status: 'warning_needs_response',
      is_charge_refundable: true,
      balance_transactions: [],
      payment_method_details: { card: { case_type: 'inquiry' } },
    })
    await stack.running.untilIdle()
    expect(stack.types().at(-1)).toBe('charge.dispute.created')
    expect((await sdk.refunds.create({ payment_intent: intent.id, amount: 100 })).status).toBe('succeeded')
  })

  it('becomes a dispute, the same one', async () => {
    const { dispute } = await disputed('pm_card_createDisputeInquiry')
    const types = await stack.typesAfter(() => answer(dispute, 'escalate_inquiry_evidence'))
    expect(types).toEqual([
      'charge.dispute.updated',
      'charge.dispute.updated',
      'charge.dispute.funds_withdrawn',
    ])
    expect(await sdk.disputes.retrieve(dispute.id)).toMatchObject({
      status: 'needs_response',
      is_charge_refundable: false,
      balance_transactions: [{ amount: -2500 }],
    })
    expect(() => stack.running.controls.closeInquiry(dispute.id)).toThrow('not an inquiry')
  })

  it('is closed without a loss', async () => {
    const { dispute } = await disputed('pm_card_createDisputeInquiry')
    const types = await stack.typesAfter(() => stack.running.controls.closeInquiry(dispute.id))
    expect(types).toEqual(['charge.dispute.closed'])
    expect((await sdk.disputes.retrieve(dispute.id)).status).toBe('warning_closed')
  })
})

it('an early fraud warning moves no money', async () => {
  const intent = await pay(sdk, 'pm_card_createIssuerFraudRecord')
  await stack.running.untilIdle()
  expect(stack.types().at(-1)).toBe('radar.early_fraud_warning.created')
  const { data } = await sdk.radar.earlyFraudWarnings.list({ payment_intent: intent.id })
  expect(data).toMatchObject([{ actionable: true, charge: intent.latest_charge }])
  expect(await sdk.radar.earlyFraudWarnings.retrieve(data[0]!.id)).toEqual(data[0])
})
