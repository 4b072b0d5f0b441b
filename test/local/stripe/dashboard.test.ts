import type Stripe from 'stripe'
import { describe, expect, it } from 'vitest'
import { pay, type StripeStack, useOneStripeStack } from './stripe-stack.ts'

let stack: StripeStack
let sdk: Stripe
useOneStripeStack((started) => {
  stack = started
  sdk = started.sdk
})

function press(form: Record<string, string>, headers: Record<string, string> = {}): Promise<Response> {
  const body = new URLSearchParams(form)
  return fetch(`${stack.running.url}/dashboard`, { method: 'POST', body, headers, redirect: 'manual' })
}

describe('the dashboard', () => {
  it('refunds by hand, without anything of ours, and shows it', async () => {
    const { id } = await pay(sdk, 'pm_card_visa')
    expect((await press({ id, action: 'refund', amount: '700' })).status).toBe(303)
    expect((await sdk.refunds.list({ payment_intent: id })).data).toMatchObject([
      { amount: 700, metadata: {} },
    ])
    const page = await (await fetch(`${stack.running.url}/dashboard`)).text()
    expect(page).toContain(id)
    expect(page).toContain('Refund of 7.00 USD, succeeded')
  })

  it('disputes, decides, and shows only what can happen still', async () => {
    const { id } = await pay(sdk, 'pm_card_visa')
    await press({ id, action: 'inquire', amount: '' })
    const [inquiry] = (await sdk.disputes.list({ payment_intent: id })).data
    await press({ id: inquiry!.id, action: 'escalate' })
    await press({ id: inquiry!.id, action: 'lose' })
    expect((await sdk.disputes.retrieve(inquiry!.id)).status).toBe('lost')
    expect((await press({ id: inquiry!.id, action: 'win' })).status).toBe(400)
  })

  it.each([
    ['more than is left', { action: 'refund', amount: '2501' }, {}, 400],
    ['an amount that is none', { action: 'refund', amount: '-1' }, {}, 400],
    ['an action that is none', { action: 'constructor' }, {}, 400],
    ['a form of another site', { action: 'refund' }, { 'sec-fetch-site': 'cross-site' }, 403],
  ])('refuses %s, and nothing happens', async (_, form, headers, status) => {
    const { id } = await pay(sdk, 'pm_card_visa')
    const answer = await press({ id, ...form } as Record<string, string>, headers as Record<string, string>)
    expect(answer.status).toBe(status)
    expect(await answer.text()).toContain('role="alert"')
    expect((await sdk.refunds.list({ payment_intent: id })).data).toEqual([])
  })
})
