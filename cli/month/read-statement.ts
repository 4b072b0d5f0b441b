import type { RatingExplanation } from '../../functions/prices/rate-usage.ts'
import type { ApiClient } from '../api-client.ts'
import type { OpenedAccount } from './set-up.ts'

export type Money = { amount: string; currency: string }

export type StatementEvent = {
  source: string
  id: string
  service: string
  at: string
  verdict: string
  reason?: string
  amount: string
  balanceAfter: string
  explanation?: RatingExplanation
}

export type StatementLine = {
  sequence: number
  at: string
  kind: string
  reason: string
  amount: string
  balanceAfter: string
  /** The uses that a line of usage is made of. */
  events?: StatementEvent[]
}

export type Statement = {
  accountId: string
  name: string
  clientType: string
  timeZone: string
  currency: string
  entries: StatementLine[]
  balance: { available: string; held: string }
}

type Transaction = {
  sequence: number
  at: string
  kind: string
  reason: string
  amount: Money
  balanceAfter: Money
}

type UsageAnswer = {
  source: string
  id: string
  service: string
  time: string
  verdict: string
  reason?: string
  amount: Money
  availableAfter: Money
  explanation?: RatingExplanation
}

/** An account's whole history as its owner reads it through the API, oldest line first, each use with its own amount. */
export async function readStatement(owner: ApiClient, account: OpenedAccount): Promise<Statement> {
  const path = `/v1/accounts/${account.accountId}`
  const transactions: Transaction[] = []
  let cursor: string | undefined
  do {
    const page = await owner.get<{ transactions: Transaction[]; nextCursor?: string }>(
      `${path}/transactions`,
      {
        limit: '200',
        cursor,
      },
    )
    transactions.push(...page.transactions)
    cursor = page.nextCursor
  } while (cursor)
  const entries: StatementLine[] = []
  for (const transaction of transactions.toReversed()) {
    const { sequence, at, kind, reason } = transaction
    const line = {
      sequence,
      at,
      kind,
      reason,
      amount: transaction.amount.amount,
      balanceAfter: transaction.balanceAfter.amount,
    }
    entries.push(
      kind === 'usage'
        ? { ...line, events: await readEvents(owner, `${path}/transactions/${sequence}`) }
        : line,
    )
  }
  const balance = await owner.get<{ available: Money; held: Money; currency: string }>(`${path}/balance`)
  return {
    accountId: account.accountId,
    name: account.name,
    clientType: account.clientType,
    timeZone: account.timeZone,
    currency: balance.currency,
    entries,
    balance: { available: balance.available.amount, held: balance.held.amount },
  }
}

async function readEvents(owner: ApiClient, path: string): Promise<StatementEvent[]> {
  const { events } = await owner.get<{ events: UsageAnswer[] }>(path)
  return events.map((event) => ({
    source: event.source,
    id: event.id,
    service: event.service,
    at: event.time,
    verdict: event.verdict,
    reason: event.reason,
    amount: event.amount.amount,
    balanceAfter: event.availableAfter.amount,
    explanation: event.explanation,
  }))
}
