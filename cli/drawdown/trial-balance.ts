import { formatAmount, readAmount } from '../../functions/ledger/money.ts'
import type { ApiClient } from '../api-client.ts'
import { type Command, CommandProblem, EXIT, readOptions, refuseWords } from './command.ts'
import { CONNECTION_HELP, CONNECTION_OPTIONS, connect } from './connect.ts'

const HELP = `Adds up the books: what all clients hold, and all contra accounts, per currency. It sums to zero. For staff.

  drawdown trial-balance
  drawdown trial-balance --json

  --json         the same as data
${CONNECTION_HELP}
  --help         this text

Credits are above zero, debits below: what clients hold and what was earned from them above, money received and credit
given away below.
Ends with 0 if every currency and every account sums to zero, 1 if not.
`

type Page = {
  accountCount: number
  lines: { account: string; sum: { amount: string; currency: string } }[]
  unbalanced: { accountId: string; difference: { amount: string; currency: string } }[]
  nextCursor?: string
}

export type TrialBalance = {
  accountCount: number
  currencies: { currency: string; lines: { account: string; amount: string }[]; sum: string }[]
  unbalanced: Page['unbalanced']
  sumsToZero: boolean
}

/** Prints the trial balance of all accounts. */
export const trialBalance: Command = {
  summary: 'add up all accounts and contra accounts: zero',
  help: HELP,
  async run(args) {
    const { values, positionals } = readOptions(args, {
      ...CONNECTION_OPTIONS,
      json: { type: 'boolean', default: false },
    })
    refuseWords(positionals, 'the books are added up as a whole')
    const balance = await readTrialBalance(connect(values))
    console.log(values.json ? JSON.stringify(balance, undefined, 2) : print(balance))
    return balance.sumsToZero ? EXIT.done : EXIT.wrong
  },
}

/** All pages of the trial balance, added up. */
export async function readTrialBalance(api: ApiClient): Promise<TrialBalance> {
  return addUp(await readPages(api))
}

async function readPages(api: ApiClient): Promise<Page[]> {
  const pages: Page[] = []
  for (let cursor: string | undefined; ; ) {
    const page = await api.get<Page>('/v1/trial-balance', { cursor })
    if (!Array.isArray(page.lines))
      throw new CommandProblem('What answers is not the API; name its address with --api')
    pages.push(page)
    cursor = page.nextCursor
    if (cursor === undefined) return pages
    console.error(`· ${pages.reduce((sum, { accountCount }) => sum + accountCount, 0)} accounts`)
  }
}

/** Each page has sums of its own; together they are the books. */
export function addUp(pages: readonly Page[]): TrialBalance {
  const books = new Map<string, Map<string, bigint>>()
  for (const { account, sum } of pages.flatMap(({ lines }) => lines)) {
    const book = books.get(sum.currency) ?? new Map<string, bigint>()
    books.set(sum.currency, book.set(account, (book.get(account) ?? 0n) + readAmount(sum.amount)))
  }
  const currencies = [...books].toSorted(byName).map(([currency, book]) => ({
    currency,
    lines: [...book]
      .toSorted(byName)
      .map(([account, micros]) => ({ account, amount: formatAmount(micros, currency) })),
    sum: formatAmount(
      [...book.values()].reduce((sum, micros) => sum + micros, 0n),
      currency,
    ),
  }))
  const unbalanced = pages.flatMap((page) => page.unbalanced)
  const accountCount = pages.reduce((sum, page) => sum + page.accountCount, 0)
  const sumsToZero = unbalanced.length === 0 && currencies.every(({ sum }) => readAmount(sum) === 0n)
  return { accountCount, currencies, unbalanced, sumsToZero }
}

const byName = ([one]: [string, unknown], [other]: [string, unknown]) => (one < other ? -1 : 1)

function print({ accountCount, currencies, unbalanced, sumsToZero }: TrialBalance): string {
  const rows = currencies.flatMap(({ currency, lines, sum }) => [
    ...lines.map(({ account, amount }) => [currency, account, amount] as const),
    [currency, 'sum', sum] as const,
  ])
  const nameWidth = Math.max(0, ...rows.map(([, account]) => account.length))
  const amountWidth = Math.max(0, ...rows.map(([, , amount]) => amount.length))
  const table = rows.flatMap(([currency, account, amount]) => {
    const row = `${currency}  ${account.padEnd(nameWidth)}  ${amount.padStart(amountWidth)}`
    return account === 'sum' ? ['─'.repeat(row.length), row, ''] : [row]
  })
  const wrong = unbalanced.map(
    ({ accountId, difference }) =>
      `${accountId} is off by ${difference.amount} ${difference.currency}; see: drawdown prove --account ${accountId} --whole`,
  )
  const verdict = sumsToZero ? 'sum to zero' : 'DO NOT SUM TO ZERO'
  return [...table, ...wrong, `The books of ${accountCount} accounts ${verdict}.`].join('\n')
}
