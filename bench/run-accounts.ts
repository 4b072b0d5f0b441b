import { createHash } from 'node:crypto'
import { BatchWriteCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { periodOf } from '../functions/accounts/billing-period.ts'
import { openAccount } from '../functions/accounts/open-account.store.ts'
import { credit } from '../functions/ledger/decide-movement.ts'
import { createLedger } from '../functions/ledger/ledger.store.ts'
import { choosePlan } from '../functions/plans/choose-plan.store.ts'
import { createPlanStore } from '../functions/plans/plan.store.ts'
import { dueIndexKeys } from '../functions/plans/plan-keys.ts'
import type { Machine } from './machine.ts'

type Item = Record<string, unknown>
type Tables = Machine['database']

const PLAN = {
  name: 'Hosted telephony',
  clientType: 'hosted' as const,
  currency: 'USD',
  effectiveFrom: '2020-01-01T00:00:00.000Z',
  baseFeeMicros: 10_000_000n,
  services: [
    { service: 'seat', name: 'Seat', unitFeeMicros: 4_900_000n },
    { service: 'number', name: 'Telephone number', unitFeeMicros: 1_500_000n },
  ],
}
const CREDIT_MICROS = 1_000_000_000n
/** What charging a month reads or writes; the rest of an account stays as it is. */
const COPIED = new Set(['PROFILE', 'PLAN', 'DUE#charge', 'HEAD'])
const ITEMS_PER_BATCH = 25
const BATCHES_AT_ONCE = 8

/**
 * Puts accounts in place that chose a plan of a base fee and two services last month and are due for this one. The first is
 * set up as every account is; the others are its items under other ids, in batches.
 */
export async function setUpDueAccounts(tables: Tables, from: number, count: number): Promise<void> {
  const template = await openTemplate(tables, accountIdOf(`template-${from}`))
  const copies = Array.from({ length: count - 1 }, (_, each) => accountIdOf(`${from + each}`))
  const writes = copies.flatMap((accountId) =>
    template.items.map(({ table, item }) => ({ table, item: copyOf(item, template.accountId, accountId) })),
  )
  const batches = Array.from({ length: Math.ceil(writes.length / ITEMS_PER_BATCH) }, (_, batch) =>
    writes.slice(batch * ITEMS_PER_BATCH, (batch + 1) * ITEMS_PER_BATCH),
  ).values()
  const writeSome = async () => {
    for (const batch of batches) await writeBatch(tables, batch)
  }
  await Promise.all(Array.from({ length: BATCHES_AT_ONCE }, writeSome))
}

/** The month that they are due for. */
export const duePeriod = () => periodOf(new Date().toISOString(), 'UTC')

async function openTemplate(tables: Tables, accountId: string) {
  const { client, documentsTable, ledgerTable } = tables
  const ledger = createLedger(tables)
  const chosenAt = new Date(Date.parse(`${duePeriod()}-01T00:00:00.000Z`) - 10 * 86_400_000)
  const createdAt = chosenAt.toISOString()
  const account = {
    ...{ accountId, name: 'Example Company', clientType: 'hosted' as const, currency: 'USD' },
    ...{ timeZone: 'UTC', lowCreditThresholdMicros: 0n, createdAt },
  }
  await createPlanStore(tables).set('hosted-telephony', PLAN, createdAt)
  const ledgerOpening = ledger.openingOf(accountId, account.currency)
  await openAccount(tables, {
    account,
    ownerEmail: 'owner@example.com',
    requestHash: accountId,
    ledgerOpening,
  })
  const given = await ledger.post({
    ...{ accountId, key: 'credit:bench', requestHash: 'bench', at: createdAt },
    decide: (head) =>
      credit(head, {
        ...{ kind: 'top_up', contra: 'cash:stripe', amountMicros: CREDIT_MICROS, currency: 'USD' },
        ...{ reason: 'Top-up by card', actor: 'machine:bench', detail: {} },
      }),
  })
  if (!given.ok) throw new Error(given.reason)
  const services = [
    { service: 'number', quantity: 4n },
    { service: 'seat', quantity: 5n },
  ]
  const choice = { planId: 'hosted-telephony', services }
  const chosen = await choosePlan(tables, { account, choice, actor: 'person:bench', now: chosenAt })
  if (!chosen.ok) throw new Error(chosen.reason)
  const itemsOf = async (table: string) => {
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': `ACCOUNT#${accountId}` },
      }),
    )
    return Items.filter(({ sk }) => COPIED.has(sk)).map((item) => ({ table, item }))
  }
  return { accountId, items: [...(await itemsOf(documentsTable)), ...(await itemsOf(ledgerTable))] }
}

function accountIdOf(seed: string): string {
  const digits = createHash('sha256').update(seed).digest('base64url').replace(/[-_]/g, 'x')
  return `acc_${digits.slice(0, 22)}`
}

/** The same item of another account, in the index where that one belongs. */
function copyOf(item: Item, from: string, to: string): Item {
  const copy = replaceIn(item, from, to) as Item
  if (item.sk !== 'DUE#charge') return copy
  return { ...copy, ...dueIndexKeys('charge', to, item.dueAt as string) }
}

function replaceIn(value: unknown, from: string, to: string): unknown {
  if (typeof value === 'string') return value.replaceAll(from, to)
  if (Array.isArray(value)) return value.map((each) => replaceIn(each, from, to))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, replaceIn(each, from, to)]))
}

async function writeBatch(
  { client }: Tables,
  batch: readonly { table: string; item: Item }[],
): Promise<void> {
  const byTable = Map.groupBy(batch, ({ table }) => table)
  let waiting: Record<string, unknown> = Object.fromEntries(
    [...byTable].map(([table, items]) => [table, items.map(({ item }) => ({ PutRequest: { Item: item } }))]),
  )
  while (Object.keys(waiting).length > 0) {
    const reply = await client.send(new BatchWriteCommand({ RequestItems: waiting as never }))
    waiting = reply.UnprocessedItems ?? {}
  }
}
