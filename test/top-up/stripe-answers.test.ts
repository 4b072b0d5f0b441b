import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createStripeProvider } from '../../functions/top-up/stripe.client.ts'

/** What a server answers to each request line, as Stripe would. */
type Answers = Record<string, { status: number; body: object }>

let server: Server | undefined
afterEach(() => server?.close())

/** The real SDK in front of a server that answers just this. */
async function providerOf(answers: Answers) {
  server = createServer((request, response) => {
    const { status, body } = answers[`${request.method} ${request.url}`]!
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise<void>((ready) => server!.listen(0, '127.0.0.1', ready))
  const { port } = server.address() as AddressInfo
  return createStripeProvider({ apiKey: 'sk_test_drawdown', url: `http://127.0.0.1:${port}` })
}

describe('a dispute’s status', () => {
  const lookUp = async (status: string) => {
    const dispute = { id: 'du_1', payment_intent: 'pi_1', amount: 500, currency: 'usd', created: 1, status }
    const provider = await providerOf({ 'GET /v1/disputes/du_1': { status: 200, body: dispute } })
    return provider.lookUpDispute('du_1')
  }

  it.each([
    ['warning_needs_response', 'inquiry'],
    ['warning_under_review', 'inquiry'],
    ['warning_closed', 'closed'],
    ['prevented', 'closed'],
    ['needs_response', 'open'],
    ['under_review', 'open'],
    ['appeal_needs_response', 'open'],
    ['appeal_under_review', 'open'],
    ['won', 'won'],
    ['lost', 'lost'],
  ])('%s is %s', async (status, ours) => {
    expect(await lookUp(status)).toMatchObject({ ok: true, dispute: { status: ours } })
  })

  it('that is new to us takes no credit: it is thrown, so that a person looks', async () => {
    await expect(lookUp('warning_escalated')).rejects.toThrow('warning_escalated')
  })
})

describe('a saved card that Stripe refuses without a code', () => {
  const charge = async (card: { status: number; body: object }) => {
    const refusal = { type: 'invalid_request_error', message: 'It may not be used again.' }
    const provider = await providerOf({
      'POST /v1/payment_intents': { status: 400, body: { error: refusal } },
      'GET /v1/payment_methods/pm_1': card,
    })
    return provider.chargeSavedCard({
      topUpId: 'top_1',
      accountId: 'acc_1',
      amountMicros: 5_000_000n,
      currency: 'USD',
      customerId: 'cus_1',
      paymentMethodId: 'pm_1',
    })
  }
  const gone = { ok: false, reason: 'declined', code: 'saved_card_gone' }

  it.each([null, 'cus_2'])('is declined when it is kept for %s', async (customer) => {
    expect(await charge({ status: 200, body: { id: 'pm_1', customer } })).toEqual(gone)
  })

  it('is declined when there is none', async () => {
    const error = {
      type: 'invalid_request_error',
      code: 'resource_missing',
      message: 'No such PaymentMethod',
    }
    expect(await charge({ status: 404, body: { error } })).toEqual(gone)
  })

  it('is our own mistake, and thrown, when the card is still its customer’s', async () => {
    await expect(charge({ status: 200, body: { id: 'pm_1', customer: 'cus_1' } })).rejects.toThrow(
      'used again',
    )
  })
})
