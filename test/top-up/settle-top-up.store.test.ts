import { TransactWriteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { createCardStore } from '../../functions/cards/cards.store.ts'
import { defaultCard } from '../../functions/cards/cards.ts'
import { createCardKeeper } from '../../functions/cards/keep-card.store.ts'
import { log } from '../../functions/edge/log.ts'
import { createLedger, type Ledger } from '../../functions/ledger/ledger.store.ts'
import { proveAccount } from '../../functions/ledger/prove-account.ts'
import type { PaymentNews } from '../../functions/top-up/payment-provider.ts'
import { createTopUpSettlement } from '../../functions/top-up/settle-top-up.store.ts'
import { createTopUpStore } from '../../functions/top-up/top-up.store.ts'
import type { TopUp } from '../../functions/top-up/top-up.ts'
import { interposedClient } from '../ledger/interposed-client.ts'
import { Died, dyingClient } from '../plans/dying-client.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'

const at = '2026-11-23T12:00:00.000Z'
const AMOUNT = 5_000_000n
let database: TestDatabase
let ledger: Ledger
let count = 0

beforeAll(async () => {
  database = await startTestDatabase()
  ledger = createLedger(database)
})
afterAll(() => database.stop())
afterEach(() => vi.restoreAllMocks())

async function openTopUp(): Promise<TopUp> {
  count += 1
  const accountId = `acc_settle${String(count).padStart(6, '0')}`
  await database.client.send(
    new TransactWriteCommand({ TransactItems: [ledger.openingOf(accountId, 'USD')] }),
  )
  await createCardStore(database).change(accountId, at, (cards) => ({ ...cards, customerId: 'cus_1' }))
  return createTopUpStore(database).create({
    topUpId: `top_${'x'.repeat(22)}`,
    accountId,
    status: 'processing',
    amountMicros: AMOUNT,
    currency: 'USD',
    origin: 'manual',
    requestedMethod: 'checkout',
    method: 'checkout',
    saveCard: true,
    requestHash: 'h',
    actor: 'person:1',
    createdAt: at,
    refundedMicros: 0n,
    changedAt: at,
    revision: 0n,
  })
}

const paid = ({ accountId, topUpId }: TopUp, paymentId: string, more: Partial<PaymentNews> = {}) => ({
  kind: 'payment' as const,
  topUpId,
  accountId,
  outcome: 'paid' as const,
  about: 'payment' as const,
  paymentId,
  amountMicros: AMOUNT,
  currency: 'USD',
  card: { customerId: 'cus_1', paymentMethodId: 'pm_1' },
  ...more,
})

const cardKeepingProvider = {
  readCard: async (paymentMethodId: string) => ({
    ok: true as const,
    card: {
      paymentMethodId,
      customerId: 'cus_1',
      brand: 'visa',
      lastFour: '4242',
      expiresIn: '2029-12',
      createdAt: at,
    },
  }),
  forgetCard: async () => ({ ok: true as const }),
}

const settlementThrough = (client = database.client) =>
  createTopUpSettlement({
    topUps: createTopUpStore({ ...database, client }),
    cards: createCardKeeper({
      cards: createCardStore({ ...database, client }),
      provider: async () => cardKeepingProvider,
    }),
    ledger: createLedger({ ...database, client }),
  })

async function stateOf({ accountId, topUpId }: TopUp) {
  const head = (await ledger.readHead(accountId))!
  const entries = await ledger.listEntries(accountId, { limit: 100, ascending: true })
  expect(proveAccount(head, entries)).toEqual([])
  const topUp = (await createTopUpStore(database).read(accountId, topUpId))!
  return { availableMicros: head.availableMicros, entries: entries.length, status: topUp.status }
}

/** A settlement before whose first write something else happens. */
function settlementOvertakenBy(meanwhile: () => Promise<unknown>) {
  let isOvertaken = false
  return settlementThrough(
    interposedClient(database.client, async (command, send) => {
      if (command instanceof TransactWriteCommand && !isOvertaken) {
        isOvertaken = true
        await meanwhile()
      }
      return send()
    }),
  )
}

describe('settling a top-up', () => {
  it('reports a second payment also when it comes while the first is being credited', async () => {
    const topUp = await openTopUp()
    const report = vi.spyOn(log, 'error').mockReturnValue(undefined)
    const first = () => settlementThrough().receive(paid(topUp, 'pi_first'), at)
    await settlementOvertakenBy(first).receive(paid(topUp, 'pi_second'), at)
    expect(await stateOf(topUp)).toEqual({ availableMicros: AMOUNT, entries: 1, status: 'settled' })
    expect(report.mock.calls).toEqual([[expect.stringContaining('paid a second time'), expect.anything()]])
  })

  it('reports nothing when the same payment comes twice at once', async () => {
    const topUp = await openTopUp()
    const report = vi.spyOn(log, 'error')
    const first = () => settlementThrough().receive(paid(topUp, 'pi_1'), at)
    await settlementOvertakenBy(first).receive(paid(topUp, 'pi_1'), at)
    expect(await stateOf(topUp)).toEqual({ availableMicros: AMOUNT, entries: 1, status: 'settled' })
    expect(report).not.toHaveBeenCalled()
  })

  it('credits an account that is closed meanwhile nothing, and marks the payment', async () => {
    const topUp = await openTopUp()
    const close = () =>
      database.client.send(
        new UpdateCommand({
          TableName: database.ledgerTable,
          Key: { pk: `ACCOUNT#${topUp.accountId}`, sk: 'HEAD' },
          UpdateExpression: 'SET #status = :closed',
          ExpressionAttributeNames: { '#status': 'status' },
          ExpressionAttributeValues: { ':closed': 'closed' },
        }),
      )
    await settlementOvertakenBy(close).receive(paid(topUp, 'pi_1'), at)
    expect(await stateOf(topUp)).toEqual({ availableMicros: 0n, entries: 0, status: 'mismatched' })
  })

  it('credits nothing once another payment was found not to match', async () => {
    const topUp = await openTopUp()
    const other = paid(topUp, 'pi_other', { amountMicros: AMOUNT + 1n })
    await settlementOvertakenBy(() => settlementThrough().receive(other, at)).receive(paid(topUp, 'pi_1'), at)
    expect(await stateOf(topUp)).toEqual({ availableMicros: 0n, entries: 0, status: 'mismatched' })
  })

  it('credits once and keeps the card, whichever write the process dies before or after', async () => {
    for (const when of ['before', 'after'] as const) {
      for (const atWrite of [1, 2, 3]) {
        const topUp = await openTopUp()
        const dying = settlementThrough(dyingClient(database.client, { atWrite, when }))
        await expect(dying.receive(paid(topUp, 'pi_1'), at)).rejects.toBeInstanceOf(Died)
        await settlementThrough().receive(paid(topUp, 'pi_1'), at)
        expect(await stateOf(topUp)).toEqual({ availableMicros: AMOUNT, entries: 1, status: 'settled' })
        const cards = await createCardStore(database).read(topUp.accountId)
        expect(defaultCard(cards)).toMatchObject({ paymentMethodId: 'pm_1', lastFour: '4242' })
      }
    }
  })
})
