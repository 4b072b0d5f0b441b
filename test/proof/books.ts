import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { openAccount } from '../../functions/accounts/open-account.store.ts'
import { credit, debit } from '../../functions/ledger/decide-movement.ts'
import { createLedger } from '../../functions/ledger/ledger.store.ts'
import type { TestDatabase } from '../support/database.ts'

export const at = '2026-11-23T12:00:00.000Z'
export const UNIT = 1_000_000n
const movement = { currency: 'USD', reason: 'test', actor: 'machine:test', detail: {} }

export type Books = ReturnType<typeof createBooks>

/** Accounts in a test's database, with a hand that reaches past the ledger. */
export function createBooks(database: TestDatabase) {
  const ledger = createLedger(database)
  let opened = 0
  let posted = 0

  /** An account with credit, and as many charges of one unit as are asked for. */
  async function open({ creditMicros = 100n * UNIT, charges = 0, currency = 'USD' } = {}): Promise<string> {
    opened += 1
    const accountId = `acc_proof${String(opened).padStart(5, '0')}`
    await openAccount(database, {
      account: {
        ...{ accountId, name: 'Example', clientType: 'hosted', currency, timeZone: 'UTC' },
        ...{ lowCreditThresholdMicros: 0n, createdAt: new Date(Date.parse(at) + opened).toISOString() },
      },
      ...{ ownerEmail: 'owner@example.com', requestHash: 'x' },
      ledgerOpening: ledger.openingOf(accountId, currency),
    })
    if (creditMicros > 0n) await give(accountId, creditMicros, currency)
    for (let count = 0; count < charges; count += 1) await take(accountId, UNIT, currency)
    return accountId
  }

  function give(accountId: string, amountMicros: bigint, currency = 'USD') {
    posted += 1
    const raise = {
      ...movement,
      currency,
      amountMicros,
      kind: 'top_up' as const,
      contra: 'cash:stripe' as const,
    }
    return ledger.post({ accountId, key: `give:${posted}`, at, decide: (head) => credit(head, raise) })
  }

  function take(accountId: string, amountMicros: bigint, currency = 'USD') {
    posted += 1
    const charge = {
      ...movement,
      currency,
      amountMicros,
      kind: 'charge' as const,
      contra: 'revenue:charge' as const,
    }
    return ledger.post({ accountId, key: `take:${posted}`, at, decide: (head) => debit(head, charge) })
  }

  /** Changes an item of an account behind the ledger's back. */
  async function tamper(
    accountId: string,
    sk: string,
    change: Record<string, unknown>,
    TableName = database.ledgerTable,
  ): Promise<void> {
    const Key = { pk: `ACCOUNT#${accountId}`, sk }
    const { Item } = await database.client.send(new GetCommand({ TableName, Key, ConsistentRead: true }))
    await database.client.send(new PutCommand({ TableName, Item: { ...Item, ...Key, ...change } }))
  }

  return { ledger, open, give, take, tamper }
}
