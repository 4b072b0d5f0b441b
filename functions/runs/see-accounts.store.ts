import type { Account } from '../accounts/account.ts'
import { accountKey } from '../accounts/account-keys.ts'
import type { Period } from '../accounts/billing-period.ts'
import { getAll } from '../edge/get-all.ts'
import { queryAll } from '../edge/query-all.ts'
import { entryKey, idempotencyKey, accountKey as ledgerKey } from '../ledger/ledger-keys.ts'
import type { PeriodDocument } from '../plans/period-document.ts'
import { dueKey, PLAN, periodKey } from '../plans/plan-keys.ts'
import type { Subscription } from '../plans/subscription.ts'
import { readHeads } from '../proof/find-changed.store.ts'
import type { LedgerCharge, SeenAccount } from './judge-account.ts'
import type { RunStoreOptions } from './run.store.ts'

export type SeeAccountsOptions = RunStoreOptions & { ledgerTable: string }

const ACCOUNTS_AT_ONCE = 25

/** Reads, of many accounts, all that says what became of them in a month. Strongly consistent, and not all of one moment. */
export function createAccountSight(options: SeeAccountsOptions) {
  const { client, documentsTable, ledgerTable } = options

  async function see(period: Period, accounts: readonly Account[]): Promise<SeenAccount[]> {
    const accountIds = accounts.map(({ accountId }) => accountId)
    const months = await readDocuments<PeriodDocument>(accountIds, periodKey(period))
    const without = accountIds.filter((accountId) => !months.has(accountId))
    const [dues, subscriptions, heads, keyed] = await Promise.all([
      readDocuments<{ accountId: string; period: Period; index1pk?: string }>(accountIds, dueKey('charge')),
      readDocuments<Subscription & { accountId: string }>(without, PLAN),
      readHeads(options, without),
      readKeyed(period, accountIds),
    ])
    const entries = await readEntries(accountIds, months, keyed)
    return accounts.map((account) => {
      const { accountId } = account
      const due = dues.get(accountId)
      return {
        account,
        period,
        month: months.get(accountId),
        // Out of the index, it is due no more.
        duePeriod: due?.index1pk === undefined ? undefined : due.period,
        subscription: subscriptions.get(accountId),
        status: heads.get(accountId)?.status,
        keyedSequences: keyed.get(accountId) ?? [],
        entries: entries.get(accountId) ?? new Map(),
      }
    })
  }

  async function readDocuments<Found extends { accountId: string }>(
    accountIds: readonly string[],
    sk: string,
  ): Promise<Map<string, Found>> {
    const keys = accountIds.map((accountId) => ({ pk: accountKey(accountId), sk }))
    const items = (await getAll(client, documentsTable, keys)) as unknown as Found[]
    return new Map(items.map((item) => [item.accountId, item]))
  }

  /** The transactions that permanent keys of plans name for the month, some accounts at a time. */
  async function readKeyed(
    period: Period,
    accountIds: readonly string[],
  ): Promise<Map<string, readonly bigint[]>> {
    const found = new Map<string, readonly bigint[]>()
    const waiting = accountIds.values()
    const readSome = async () => {
      for (const accountId of waiting) found.set(accountId, await readKeysOf(accountId, period))
    }
    await Promise.all(Array.from({ length: ACCOUNTS_AT_ONCE }, readSome))
    return found
  }

  /**
   * `plan:2026-12` and whatever else names the month; the note that it was short charges nothing, and what comes after
   * `plan-change:` is a caller's own.
   */
  async function readKeysOf(accountId: string, period: Period): Promise<bigint[]> {
    const items = (await queryAll(client, {
      TableName: ledgerTable,
      KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
      ExpressionAttributeValues: {
        ':pk': ledgerKey(accountId),
        ':from': idempotencyKey('plan'),
        ':to': idempotencyKey('plan~'),
      },
      ConsistentRead: true,
    })) as { sk: string; sequence: bigint }[]
    const short = idempotencyKey(`plan-short:${period}`)
    const changes = idempotencyKey('plan-change:')
    return items
      .filter(({ sk }) => sk.includes(`:${period}`) && sk !== short && !sk.startsWith(changes))
      .map(({ sequence }) => sequence)
  }

  async function readEntries(
    accountIds: readonly string[],
    months: ReadonlyMap<string, PeriodDocument>,
    keyed: ReadonlyMap<string, readonly bigint[]>,
  ): Promise<Map<string, Map<bigint, LedgerCharge>>> {
    const keys = accountIds.flatMap((accountId) => {
      const movements = months.get(accountId)?.movements ?? []
      const sequences = [...movements.map(({ sequence }) => sequence), ...(keyed.get(accountId) ?? [])]
      return [...new Set(sequences)].map((sequence) => ({
        pk: ledgerKey(accountId),
        sk: entryKey(sequence),
      }))
    })
    const entries = (await getAll(client, ledgerTable, keys)) as unknown as (LedgerCharge & { pk: string })[]
    const found = new Map<string, Map<bigint, LedgerCharge>>()
    for (const { pk, sequence, amountMicros } of entries) {
      const accountId = pk.slice(ledgerKey('').length)
      const ofAccount = found.get(accountId) ?? new Map<bigint, LedgerCharge>()
      found.set(accountId, ofAccount.set(sequence, { sequence, amountMicros }))
    }
    return found
  }

  return { see }
}
