import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { STRIPE_EVENT_TYPES } from '../../functions/top-up/stripe-events.client.ts'
import { renderPaymentsPage } from './render-payments-page.ts'

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')

describe('the page of states and transitions', () => {
  it('is what the code says (vitest -u writes it)', async () => {
    await expect(renderPaymentsPage()).toMatchFileSnapshot('../../docs/payments.md')
  })
})

describe('the page of what a payment provider has to do', () => {
  it('has a section for each function of the interface, and for no other', () => {
    const source = read('functions/top-up/payment-provider.ts')
    const [, members = ''] = /export type PaymentProvider = \{\n([\s\S]*?)\n\}\n/.exec(source) ?? []
    const functions = [...members.matchAll(/^ {2}(\w+)\(/gm)].map(([, name]) => name)
    const sections = [...read('docs/payment-providers.md').matchAll(/^### `(\w+)`$/gm)].map(
      ([, name]) => name,
    )
    expect(functions.length).toBeGreaterThan(0)
    expect(sections.sort()).toEqual(functions.sort())
  })
})

describe('the page for operators', () => {
  it('names the very events that Stripe has to send', () => {
    const [, section = ''] =
      /### The events that Stripe sends\n([\s\S]*?)\n## /.exec(read('docs/operations.md')) ?? []
    const named = [...section.matchAll(/`([\w.]+)`/g)].map(([, name]) => name)
    expect(named.sort()).toEqual([...STRIPE_EVENT_TYPES].sort())
  })
})
