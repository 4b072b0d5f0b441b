import type { Answer } from '../gateway/http-answer.ts'
import { type Html, html, json, page } from './html.ts'
import type { LocalControls } from './local-controls.ts'

type Money = { amount: string; currency: string }
type Account = { accountId: string; name: string; clientType: string; currency: string; timeZone: string }
type Balance = { available?: Money; held?: Money } & Record<string, unknown>
type Transaction = {
  sequence: number | string
  kind?: string
  at?: string
  amount?: Money
  balanceAfter?: Money
  description?: string
  reason?: string
} & Record<string, unknown>

const mostAccounts = 200
const mostLines = 200

/** Lists the accounts with their balances, as the public API tells staff. */
export async function showAccounts(controls: LocalControls, wantsHtml: boolean): Promise<Answer> {
  const read = await staffReader(controls)
  const accounts = await readPages<Account>(read, '/v1/accounts', 'accounts', mostAccounts)
  const rows = await Promise.all(
    accounts.map(async (account) => ({
      ...account,
      balance: await read<Balance>(`/v1/accounts/${encodeURIComponent(account.accountId)}/balance`),
    })),
  )
  if (!wantsHtml) return json({ accounts: rows })
  if (rows.length === 0) return page('Accounts', html`<p>There are no accounts yet.</p>`)
  const content = html`<table>
<caption>${rows.length} ${rows.length === 1 ? 'account' : 'accounts'}</caption>
<thead><tr><th scope="col">Name</th><th scope="col">Client type</th><th scope="col">Time zone</th><th scope="col" class="number">Available</th><th scope="col" class="number">Held</th></tr></thead>
<tbody>${rows.map(accountRow)}</tbody>
</table>`
  return page('Accounts', content)
}

function accountRow(account: Account & { balance: Balance | undefined }): Html {
  return html`<tr><th scope="row"><a href="/local/accounts/${encodeURIComponent(account.accountId)}">${account.name}</a></th><td>${account.clientType}</td><td>${account.timeZone}</td><td class="number">${show(account.balance?.available)}</td><td class="number">${show(account.balance?.held)}</td></tr>`
}

/** Shows one account's balance and its statement, newest line first; undefined when there is no such account. */
export async function showAccount(
  controls: LocalControls,
  accountId: string,
  wantsHtml: boolean,
): Promise<Answer | undefined> {
  const read = await staffReader(controls)
  const path = `/v1/accounts/${encodeURIComponent(accountId)}`
  const account = await read<Account>(path)
  if (account === undefined) return undefined
  const balance = await read<Balance>(`${path}/balance`)
  const transactions = await readPages<Transaction>(read, `${path}/transactions`, 'transactions', mostLines)
  if (!wantsHtml) return json({ account, balance, transactions })
  const content = html`<p>${account.clientType}, ${account.timeZone}, <code>${account.accountId}</code></p>
<p>Available <strong>${show(balance?.available)}</strong>, held ${show(balance?.held)}</p>
<table>
<caption>Statement: ${transactions.length === mostLines ? `the first ${mostLines} lines` : `${transactions.length} lines`}</caption>
<thead><tr><th scope="col" class="number">Line</th><th scope="col">When</th><th scope="col">What</th><th scope="col" class="number">Amount</th><th scope="col" class="number">Balance</th></tr></thead>
<tbody>${transactions.map(transactionRow)}</tbody>
</table>`
  return page(account.name, content)
}

function transactionRow(line: Transaction): Html {
  const what = [line.kind, line.description ?? line.reason]
    .filter((part) => typeof part === 'string')
    .join(': ')
  return html`<tr><td class="number">${String(line.sequence)}</td><td>${String(line.at ?? '')}</td><td>${what}</td><td class="number">${show(line.amount)}</td><td class="number">${show(line.balanceAfter)}</td></tr>`
}

const show = (money: Money | undefined): string =>
  money === undefined ? '–' : `${money.amount} ${money.currency}`

type Read = <Reply>(path: string) => Promise<Reply | undefined>

/** Reads the public API as staff; undefined for anything but a 200. */
async function staffReader(controls: LocalControls): Promise<Read> {
  const token = await controls.staffToken()
  return async <Reply>(path: string) => {
    const response = await fetch(controls.apiUrl() + path, { headers: { authorization: `Bearer ${token}` } })
    return response.ok ? ((await response.json()) as Reply) : undefined
  }
}

async function readPages<Item>(read: Read, path: string, listName: string, most: number): Promise<Item[]> {
  const items: Item[] = []
  let cursor: string | undefined
  do {
    const query: string = cursor === undefined ? '' : `?cursor=${encodeURIComponent(cursor)}`
    const reply: (Record<string, unknown> & { nextCursor?: string }) | undefined = await read(path + query)
    items.push(...((reply?.[listName] as Item[] | undefined) ?? []))
    cursor = reply?.nextCursor
  } while (cursor !== undefined && items.length < most)
  return items.slice(0, most)
}
