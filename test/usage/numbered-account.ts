import { TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import { expect } from 'vitest'
import type { Account } from '../../functions/accounts/account.ts'
import { createHoldStore } from '../../functions/holds/hold.store.ts'
import { createSessionRecords } from '../../functions/holds/session-record.store.ts'
import { createSettling } from '../../functions/holds/settle-hold.store.ts'
import { credit } from '../../functions/ledger/decide-movement.ts'
import { createLedger } from '../../functions/ledger/ledger.store.ts'
import { proveAccount } from '../../functions/ledger/prove-account.ts'
import type { PriceVersion } from '../../functions/prices/price.ts'
import type { PriceSource } from '../../functions/prices/price-source.ts'
import { createUsageDeduction } from '../../functions/usage/deduct-usage.store.ts'
import { createNumberedStore } from '../../functions/usage/numbered.store.ts'
import { unpackUsageDecisions } from '../../functions/usage/packed-usage.ts'
import type { NumberedEvent } from '../../functions/usage/usage-event.ts'
import type { TestDatabase } from '../support/database.ts'
import { fixedPrices, perUnit, usageEvent } from './priced.ts'

export const NOW = '2026-11-23T12:00:00.000Z'
export const UNIT = 1_000_000n
export const SOURCE = '/switch/1'

/** The whole numbers from 1 on. */
export const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1)

let accounts = 0

/** An account with so much credit. */
export async function openAccount(database: TestDatabase, creditMicros: bigint): Promise<string> {
  accounts += 1
  const accountId = `acc_numbered${String(accounts).padStart(6, '0')}`
  const ledger = createLedger(database)
  await database.client.send(
    new TransactWriteCommand({ TransactItems: [ledger.openingOf(accountId, 'USD')] }),
  )
  const movement = {
    kind: 'credit' as const,
    contra: 'credit:goodwill' as const,
    reason: 'test',
    actor: 'machine:test',
    detail: {},
    currency: 'USD',
    amountMicros: creditMicros,
  }
  if (creditMicros > 0n)
    await ledger.post({ accountId, key: 'opening', at: NOW, decide: (head) => credit(head, movement) })
  return accountId
}

/** A process that deducts, with a memory of its own, by these prices or those of a source. */
export function machineOn(database: TestDatabase, ...prices: PriceVersion[] | [PriceSource]) {
  const ledger = createLedger(database)
  const numbered = createNumberedStore({ ...database, ledger })
  const read = async (accountId: string): Promise<Account> => ({
    accountId,
    name: 'Example Ltd',
    clientType: 'hosted',
    currency: 'USD',
    timeZone: 'Europe/Berlin',
    lowCreditThresholdMicros: 0n,
    createdAt: NOW,
  })
  const priced = pricesOf(prices)
  return {
    ledger,
    numbered,
    usage: createUsageDeduction({
      ledger,
      numbered,
      accounts: { read },
      prices: priced,
      sessions: createSessionRecords(createHoldStore(database)),
      settling: createSettling({ ledger, holds: createHoldStore(database), accounts: { read } }),
      terms: async () => ({}),
    }),
  }
}

function pricesOf(prices: PriceVersion[] | [PriceSource]): PriceSource {
  const [first, ...others] = prices
  if (first && 'open' in first) return first
  return fixedPrices(...(first ? [first, ...(others as PriceVersion[])] : [perUnit('sms', '1')]))
}

/** Event `number` of a source: one unit of `sms` with an id and a time that follow from the number. */
export function numberedEvent(
  accountId: string,
  number: number,
  fields: Partial<NumberedEvent> = {},
): NumberedEvent {
  const { source = SOURCE } = fields
  const at = new Date(Date.parse(NOW) - 3_600_000 + number * 1000).toISOString()
  return { ...usageEvent(accountId, { source, id: `${source}-${number}`, at }), number, ...fields }
}

export function numberedEvents(
  accountId: string,
  from: number,
  to: number,
  fields: Partial<NumberedEvent> = {},
) {
  return Array.from({ length: to - from + 1 }, (_, index) => numberedEvent(accountId, from + index, fields))
}

/** The proven history of an account with every numbered event that was decided, in order. */
export async function historyOf(database: TestDatabase, accountId: string) {
  const ledger = createLedger(database)
  const { head, lots } = (await ledger.readLots(accountId))!
  const entries = await ledger.listEntries(accountId, { limit: 100_000, ascending: true })
  expect(proveAccount(head, entries, lots)).toEqual([])
  return { head, entries, decided: entries.flatMap((entry) => unpackUsageDecisions(entry)) }
}
