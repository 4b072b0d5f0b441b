import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ApiClient, createApiClient } from '../../cli/api-client.ts'
import { readKept } from '../../cli/month/read-kept.ts'
import { proveAccount } from '../../functions/ledger/prove-account.ts'
import { startLocalStack } from '../../local/stack.ts'
import { type DoomedStack, startDoomedStack } from '../support/doomed-stack.ts'

const EVENTS = 1200
const ACCEPTED_BEFORE = 800
const EVENTS_PER_REQUEST = 200

let first: DoomedStack
beforeAll(async () => {
  first = await startDoomedStack()
}, 300_000)
afterAll(() => first?.remove())

it('finishes an import in whose middle it was killed, and deducts every event exactly once', async () => {
  const { accountId } = await first.staff.send<{ accountId: string }>('POST', '/v1/accounts', {
    body: {
      name: 'Importing client',
      clientType: 'hosted',
      currency: 'USD',
      timeZone: 'UTC',
      ownerEmail: 'owner@client.example.com',
    },
    idempotencyKey: 'open',
  })
  await first.staff.send('POST', `/v1/accounts/${accountId}/credits`, {
    body: { kind: 'goodwill', amount: '100.00', currency: 'USD', reason: 'credit to import on' },
    idempotencyKey: 'credit',
  })
  await first.staff.send('PUT', '/v1/prices/sms', {
    body: { currency: 'USD', model: { kind: 'per_unit', unitAmount: '0.01' } },
  })
  const time = new Date().toISOString()
  const events = Array.from({ length: EVENTS }, (_, index) => ({
    specversion: '1.0',
    id: `event-${index}`,
    source: 'killed-import',
    type: 'sms',
    subject: accountId,
    time,
    data: { quantity: 1 },
  }))
  const send = async (usage: ApiClient, some: typeof events) => {
    for (let start = 0; start < some.length; start += EVENTS_PER_REQUEST) {
      const body = some.slice(start, start + EVENTS_PER_REQUEST)
      await usage.send('POST', '/v1/usage', { body, contentType: 'application/cloudevents-batch+json' })
    }
  }
  const accepted = events.slice(0, ACCEPTED_BEFORE)
  await send(first.usage, accepted)
  await first.kill()

  const stack = await startLocalStack({ folder: first.folder, port: 0, quiet: true })
  try {
    const staff = createApiClient(stack.apiUrl, () => stack.staffToken())
    const available = async () =>
      (await staff.get<{ available: { amount: string } }>(`/v1/accounts/${accountId}/balance`)).available
        .amount
    const deductedOf = async (some: typeof events) => {
      let count = 0
      for (const { id } of some) {
        const outcome = await staff.get<{ verdict: string; amount: { amount: string } }>(
          `/v1/usage/killed-import/${id}`,
        )
        if (outcome.verdict === 'deducted' && outcome.amount.amount === '0.01') count += 1
      }
      return count
    }
    // What was accepted is finished without anybody's help.
    await stack.waitUntilIdle()
    expect(await available()).toBe('92.00')
    expect(await deductedOf(accepted)).toBe(ACCEPTED_BEFORE)
    // The importer does not know how far it came, and sends everything again.
    await send(
      createApiClient(stack.apiUrl, () => stack.usageToken()),
      events,
    )
    await stack.waitUntilIdle()
    expect(await available()).toBe('88.00')
    expect(await deductedOf(events)).toBe(EVENTS)
    const [kept] = await readKept(stack, [accountId])
    expect(proveAccount(kept!.head, kept!.entries)).toEqual([])
  } finally {
    await stack.close()
  }
}, 180_000)
