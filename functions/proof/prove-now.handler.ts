import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { log } from '../edge/log.ts'
import { Problem } from '../edge/problem.ts'
import { proveAccount } from './proof.api.ts'
import { createProving } from './prove-account.store.ts'

const { LEDGER_TABLE, WAITING_TABLE, DOCUMENTS_TABLE } = environment(
  'LEDGER_TABLE',
  'WAITING_TABLE',
  'DOCUMENTS_TABLE',
)
const proving = createProving({
  client: documentClient(),
  ledgerTable: LEDGER_TABLE,
  waitingTable: WAITING_TABLE,
  documentsTable: DOCUMENTS_TABLE,
})

/** What fits into the time of an API call, however much the lines say. */
const MOST_ENTRIES_PER_REQUEST = 1000

export const handler = httpHandler(
  bind(proveAccount, async ({ caller, params: { accountId }, body: { whole } }) => {
    const request = { accountId, whole, now: new Date().toISOString(), actor: caller.actor }
    const proven = await proving.prove({ ...request, mostEntries: MOST_ENTRIES_PER_REQUEST })
    if (!proven) throw new Problem('account_not_found', `There is no account ${accountId}.`)
    const { result, sequence, headSequence, faults, isNews, isKept } = proven
    if (result === 'incomplete' && !isKept)
      throw new Problem('busy', 'The account is being proven already; ask again in a minute.')
    if (result === 'mismatch' && isNews) log.error('account does not prove', { accountId, faults })
    return {
      status: 200,
      body: { result, sequence: Number(sequence), headSequence: Number(headSequence), faults },
    }
  }),
)
