import { describeLine, describeUse, signUse } from '../../functions/statements/describe-line.ts'
import { type Html, html, showInstant } from './html.ts'

type Money = { amount: string; currency: string }

export type Transaction = {
  sequence: number
  kind: string
  at: string
  amount: Money
  balanceAfter: Money
  held?: Money
  reason: string
}

type Use = {
  service: string
  time: string
  verdict: string
  reason?: string
  amount: Money
  availableAfter: Money
  explanation?: { seconds?: string; quantity?: string; rateDeck?: { destination: string } }
}

/** A line of usage with the uses that it is made of. */
export type ExplainedTransaction = Transaction & { events?: readonly Use[] }

/** A statement, newest line first, with each line's uses below it; times in the account's zone. */
export function statementTable(
  lines: readonly ExplainedTransaction[],
  account: { currency: string; timeZone: string },
  isCutOff: boolean,
): Html {
  const count = `${isCutOff ? 'the newest ' : ''}${lines.length} ${lines.length === 1 ? 'line' : 'lines'}`
  return html`<h2>Statement</h2>
<table>
<caption>${count}, newest first; amounts in ${account.currency}, times in ${account.timeZone}</caption>
<thead><tr><th scope="col" class="number">Line</th><th scope="col">When</th><th scope="col">What</th><th scope="col" class="number">Amount</th><th scope="col" class="number">Balance</th></tr></thead>
<tbody>${lines.map((line) => lineRows(line, account.timeZone))}</tbody>
</table>`
}

function lineRows(line: ExplainedTransaction, timeZone: string): Html {
  return html`<tr><td class="number" data-label="Line">${line.sequence}</td><td>${showInstant(line.at, timeZone)}</td><td>${describeLine(line)}</td><td class="number" data-label="Amount">${line.amount.amount}</td><td class="number" data-label="Balance">${line.balanceAfter.amount}</td></tr>
${(line.events ?? []).map((use) => useRow(use, timeZone))}`
}

function useRow(use: Use, timeZone: string): Html {
  const isDeducted = use.verdict === 'deducted'
  const amount = isDeducted ? signUse(use.amount.amount) : use.verdict
  return html`<tr class="use"><td></td><td>${showInstant(use.time, timeZone)}</td><td class="what">${describeUse(use)}</td><td class="number" data-label="Amount">${amount}</td><td class="number" data-label="Balance">${isDeducted ? use.availableAfter.amount : '–'}</td></tr>
`
}
