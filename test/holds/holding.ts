import { TransactWriteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import type { Account } from '../../functions/accounts/account.ts'
import type { Caller } from '../../functions/edge/caller.ts'
import { type AuthorisingOptions, createAuthorising } from '../../functions/holds/authorise-hold.store.ts'
import { createHoldStore } from '../../functions/holds/hold.store.ts'
import type { HoldTimer } from '../../functions/holds/hold.ts'
import { authoriseBody, captureBody, extendBody } from '../../functions/holds/hold-request.ts'
import { createSettling } from '../../functions/holds/settle-hold.store.ts'
import { credit } from '../../functions/ledger/decide-movement.ts'
import { createLedger, type LedgerOptions } from '../../functions/ledger/ledger.store.ts'
import { proveAccount } from '../../functions/ledger/prove-account.ts'
import { perDurationSchema } from '../../functions/prices/price.ts'
import type { PriceSource } from '../../functions/prices/price-source.ts'
import type { TestDatabase } from '../support/database.ts'
import { fixedPrices, perUnit, priceOf, tiered } from '../usage/priced.ts'

export const UNIT = 1_000_000n
export const START = new Date('2026-11-23T12:00:00.000Z')
export const later = (seconds: number) => new Date(START.getTime() + seconds * 1000)

/** One USD a minute, by the second, with nothing around it: ten seconds are less than the first interval of no price. */
export const perSecond = (service: string, rate: string, more: object = {}) =>
  priceOf(service, perDurationSchema.parse({ kind: 'per_duration', per: 'second', rate, ...more }))

export const usualPrices = fixedPrices(
  perSecond('call', '0.01'),
  perSecond('billed', '0.01', { firstIntervalSeconds: 60, incrementSeconds: 6, connectionFee: '0.1' }),
  perUnit('sms', '0.05'),
  tiered('fax', [
    { upTo: 10, unitAmount: '1' },
    { upTo: null, unitAmount: '0.5' },
  ]),
)
const openTerms = { requireForUsage: async () => 'terms-of-service@1' }
export const machine: Caller = { kind: 'usage', actor: 'machine:switch', subject: 'switch' }

let accounts = 0

/** Holds on accounts of a test database, as one process of ours would have them. */
export function holdingOn(
  database: TestDatabase,
  more: Partial<LedgerOptions> & { prices?: PriceSource; terms?: AuthorisingOptions['terms'] } = {},
) {
  const { prices = usualPrices, terms = openTerms, ...options } = more
  const on = { ...database, ...options }
  const ledger = createLedger(on)
  const holds = createHoldStore(on)
  const timers: HoldTimer[] = []
  const known = new Map<string, Account>()
  const settling = createSettling({
    ledger,
    holds,
    accounts: { read: async (accountId) => known.get(accountId) ?? accountOf(accountId) },
  })
  const authorising = createAuthorising({
    ledger,
    holds,
    prices,
    terms,
    settling,
    startTimer: async (timer) => void timers.push(timer),
  })

  const authorise = (account: Account, body: object, idempotencyKey = 'key-1', now = START) =>
    authorising.authorise({
      account,
      caller: machine,
      request: authoriseBody.parse(body),
      idempotencyKey,
      now,
    })
  const extend = (account: Account, holdId: string, body: object, idempotencyKey = 'more-1', now = START) =>
    authorising.extend({
      account,
      caller: machine,
      holdId,
      request: extendBody.parse(body),
      idempotencyKey,
      now,
    })
  const askedOf = (account: Account, holdId: string, now: Date) => ({
    accountId: account.accountId,
    holdId,
    actor: machine.actor,
    now,
  })
  const capture = (account: Account, holdId: string, body: object, now = START) =>
    settling.capture(askedOf(account, holdId, now), captureBody.parse(body))
  const release = (account: Account, holdId: string, now = START) =>
    settling.release(askedOf(account, holdId, now))

  /** What the account's history says of itself, and whether its open holds are all that is held. */
  async function stateOf({ accountId }: Account) {
    const { head, lots } = (await ledger.readLots(accountId))!
    const entries = await ledger.listEntries(accountId, { limit: 1000, ascending: true })
    const open = await holds.listOpen(accountId, { limit: 100 })
    const heldByHolds = open.reduce((sum, { heldMicros }) => sum + heldMicros, 0n)
    const { availableMicros, heldMicros, status } = head
    return {
      availableMicros,
      heldMicros,
      heldByHolds,
      status,
      kinds: entries.map(({ kind }) => kind),
      entries,
      lots,
      faults: proveAccount(head, entries, lots),
    }
  }

  return { ledger, holds, settling, timers, authorise, extend, capture, release, stateOf }
}

function accountOf(accountId: string): Account {
  return {
    accountId,
    name: 'Example Ltd',
    clientType: 'hosted',
    currency: 'USD',
    timeZone: 'UTC',
    lowCreditThresholdMicros: 0n,
    createdAt: START.toISOString(),
  }
}

/** An account with the given credits, each a lot of its own. */
export async function openAccount(
  database: TestDatabase,
  ...credits: (bigint | { amountMicros: bigint; expiresAt: string })[]
): Promise<Account> {
  accounts += 1
  const accountId = `acc_holds${String(accounts).padStart(6, '0')}`
  const ledger = createLedger(database)
  await database.client.send(
    new TransactWriteCommand({ TransactItems: [ledger.openingOf(accountId, 'USD')] }),
  )
  for (const [index, given] of credits.entries()) {
    const { amountMicros, expiresAt } =
      typeof given === 'bigint' ? { amountMicros: given, expiresAt: undefined } : given
    await ledger.post({
      accountId,
      key: `opening-${index}`,
      at: START.toISOString(),
      decide: (head) =>
        credit(head, {
          ...{ kind: 'top_up', contra: 'cash:stripe', reason: 'test', actor: 'machine:test', detail: {} },
          ...{ currency: 'USD', amountMicros, expiresAt },
        } as Parameters<typeof credit>[1]),
    })
  }
  return accountOf(accountId)
}

export const setStatus = (database: TestDatabase, accountId: string, status: string) =>
  database.client.send(
    new UpdateCommand({
      TableName: database.ledgerTable,
      Key: { pk: `ACCOUNT#${accountId}`, sk: 'HEAD' },
      UpdateExpression: 'SET #status = :status',
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: { ':status': status },
    }),
  )
