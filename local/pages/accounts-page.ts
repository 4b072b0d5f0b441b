import type { Answer } from '../gateway/http-answer.ts'
import { type Html, html, json, page } from './html.ts'
import type { LocalControls } from './local-controls.ts'
import { type ExplainedTransaction, statementTable, type Transaction } from './statement-table.ts'

type Money = { amount: string; currency: string }
type Account = { accountId: string; name: string; clientType: string; currency: string; timeZone: string }
type UpcomingCharge = { date: string; total: Money; shortfall: Money }
type Outlook = {
  pace?: { perDay: Money; from: string; to: string }
  runway: { lasts: 'until' | 'beyond' | 'unknown'; date?: string; basis: string }
  expectedUsage?: Money
  projectedCredit?: Money
  projectedShortfall?: Money
  note?: { text: string }
}
type Balance = {
  available?: Money
  held?: Money
  owed?: Money
  upcomingCharge?: UpcomingCharge
  outlook?: Outlook
}
type Member = { email: string; role: string }
const mostAccounts = 200
const mostLines = 200
// Each is a request of its own, as its uses are read with it.
const mostExplainedLines = 20

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
  if (rows.length === 0) return page('Accounts', html`<p>There are no accounts yet.</p>`, '/local/accounts')
  const content = html`<table>
<caption>${rows.length} ${rows.length === 1 ? 'account' : 'accounts'}</caption>
<thead><tr><th scope="col">Account</th><th scope="col">Client type</th><th scope="col">Time zone</th><th scope="col" class="number">Available</th><th scope="col" class="number">Held</th></tr></thead>
<tbody>${rows.map(accountRow)}</tbody>
</table>`
  return page('Accounts', content, '/local/accounts')
}

function accountRow(account: Account & { balance: Balance | undefined }): Html {
  return html`<tr><th scope="row"><a href="/local/accounts/${encodeURIComponent(account.accountId)}">${account.name}</a></th><td data-label="Client type">${account.clientType.replaceAll('_', ' ')}</td><td data-label="Time zone">${account.timeZone}</td><td class="number" data-label="Available">${show(account.balance?.available)}</td><td class="number" data-label="Held">${show(account.balance?.held)}</td></tr>`
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
  const { members = [] } = (await read<{ members: Member[] }>(`${path}/members`)) ?? {}
  const lines = await explain(read, path, transactions)
  const payer = members.find(({ role }) => role !== 'viewer')?.email
  const content = html`<div class="panel">
<p class="big">${show(balance?.available)}</p>
<p>available, ${show(balance?.held)} held${balance?.owed ? `, ${show(balance.owed)} owed` : ''}. <a href="/top-up?account=${accountId}&currency=${account.currency}">Top up</a> or open the <a href="/portal?account=${accountId}">portal</a>${payer === undefined ? undefined : html` (sign in as ${payer})`}</p>
<dl class="facts">${nextCharge(balance?.upcomingCharge)}${outlook(balance?.outlook)}
<div><dt>Client type</dt><dd>${account.clientType.replaceAll('_', ' ')}</dd></div>
<div><dt>Time zone</dt><dd>${account.timeZone}</dd></div>
<div><dt>Account</dt><dd><code>${account.accountId}</code></dd></div></dl>
</div>
${statementTable(lines, account, transactions.length === mostLines)}`
  return page(account.name, content, '/local/accounts')
}

function nextCharge(charge: UpcomingCharge | undefined): Html | undefined {
  if (charge === undefined) return undefined
  const missing = /[1-9]/.test(charge.shortfall.amount) ? `, ${show(charge.shortfall)} missing` : ''
  return html`<div><dt>Next charge, ${charge.date}</dt><dd>${show(charge.total)}${missing}</dd></div>`
}

function outlook(expected: Outlook | undefined): Html | undefined {
  if (expected === undefined) return undefined
  const { runway, projectedCredit, projectedShortfall, note } = expected
  const missing =
    projectedShortfall && /[1-9]/.test(projectedShortfall.amount)
      ? `, ${show(projectedShortfall)} missing`
      : ''
  return html`${projectedCredit && html`<div><dt>Expected credit by then</dt><dd>${show(projectedCredit)}${missing}</dd></div>`}
${runway.date && html`<div><dt>Lasts until</dt><dd>${runway.lasts === 'beyond' ? 'after ' : ''}${runway.date} (${runway.basis})</dd></div>`}
${note && html`<div><dt>Note</dt><dd>${note.text}</dd></div>`}`
}

/** The newest lines of usage with the uses that they are made of; the others as they are. */
async function explain(
  read: Read,
  path: string,
  transactions: readonly Transaction[],
): Promise<(Transaction | ExplainedTransaction)[]> {
  const usage = transactions.filter(({ kind }) => kind === 'usage').slice(0, mostExplainedLines)
  return Promise.all(
    transactions.map(async (line) =>
      usage.includes(line)
        ? ((await read<ExplainedTransaction>(`${path}/transactions/${line.sequence}`)) ?? line)
        : line,
    ),
  )
}

const show = (money: Money | undefined): string =>
  money === undefined ? '–' : `${money.amount} ${money.currency}`

type Read = <Reply>(path: string) => Promise<Reply | undefined>

/** Reads the public API as staff; undefined for what is not there. Throws when the API cannot tell: a page must not say "none" then. */
async function staffReader(controls: LocalControls): Promise<Read> {
  const token = await controls.staffToken()
  return async <Reply>(path: string) => {
    const response = await fetch(controls.apiUrl() + path, { headers: { authorization: `Bearer ${token}` } })
    if (response.ok) return (await response.json()) as Reply
    if (response.status === 404 || response.status === 400) return undefined
    throw new Error(`the API answered ${response.status} to GET ${path}`)
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
