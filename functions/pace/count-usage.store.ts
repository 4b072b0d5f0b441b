import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { createAccountStore } from '../accounts/account.store.ts'
import type { Entry } from '../ledger/entry.ts'
import { createLedgerReader } from '../ledger/ledger-reader.store.ts'
import { dayAt } from './expect-usage.ts'
import { createPaceStore } from './pace.store.ts'
import { countUsage, type UsageChange } from './pace.ts'
import { correctedBy, usageOfEntry } from './usage-of-entry.ts'

export type UsageCountOptions = {
  client: DynamoDBDocumentClient
  ledgerTable: string
  documentsTable: string
}

const TRIES = 8

/**
 * Counts what entries of one account took for usage, each once: entries come in the order of their numbers, any of them
 * again, and one write takes in all that are new. What is given back of a use comes off the day of that use.
 */
export function createUsageCount(options: UsageCountOptions) {
  const ledger = createLedgerReader(options)
  const accounts = createAccountStore(options)
  const pace = createPaceStore(options)

  /** Throws when it may not be counted: the entries have to come again. */
  return async function count(accountId: string, entries: readonly Entry[]): Promise<void> {
    const account = await accounts.read(accountId)
    if (!account) throw new Error(`account ${accountId} moves money without a profile`)
    const changes: UsageChange[] = []
    for (const entry of entries) {
      const change = await changeOf(entry, account.timeZone)
      if (change) changes.push(change)
    }
    if (changes.length === 0) return
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const before = await pace.read(accountId)
      const next = countUsage(accountId, before, changes)
      if (!next || next === before || (await pace.replace(before, next))) return
    }
    throw new Error(`account ${accountId}: others keep counting its usage`)
  }

  async function changeOf(entry: Entry, timeZone: string): Promise<UsageChange | undefined> {
    const { accountId, sequence, at, amountMicros } = entry
    const usedMicros = usageOfEntry(entry)
    if (usedMicros > 0n) return { sequence, day: dayAt(at, timeZone), amountMicros: usedMicros }
    const corrected = correctedBy(entry)
    if (corrected === undefined) return undefined
    const original = await ledger.readEntry(accountId, corrected)
    if (!original) throw new Error(`account ${accountId}: entry ${sequence} names one that is not there`)
    if (usageOfEntry(original) === 0n) return undefined
    return { sequence, day: dayAt(original.at, timeZone), amountMicros: -amountMicros }
  }
}
