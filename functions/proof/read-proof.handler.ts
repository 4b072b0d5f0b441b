import { createAccess } from '../access/access.store.ts'
import { MEMBER_ROLES } from '../accounts/account.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { Problem } from '../edge/problem.ts'
import { createLedgerReader } from '../ledger/ledger-reader.store.ts'
import { presentTrialPage, readTrialPosition } from './present-trial-balance.ts'
import * as api from './proof.api.ts'
import { readStatementProof } from './statement-proof.store.ts'
import { createTrialBalance } from './trial-balance.store.ts'

const { LEDGER_TABLE, DOCUMENTS_TABLE } = environment('LEDGER_TABLE', 'DOCUMENTS_TABLE')
const options = { client: documentClient(), ledgerTable: LEDGER_TABLE, documentsTable: DOCUMENTS_TABLE }
const access = createAccess(options)
const ledger = createLedgerReader(options)
const books = createTrialBalance(options)

export const handler = httpHandler(
  bind(api.readStatementProof, async ({ caller, params: { accountId }, query }) => {
    await access.require(caller, accountId, {
      roles: MEMBER_ROLES,
      staff: true,
      despiteTerms: true,
    })
    const head = await ledger.readHead(accountId)
    if (!head) throw new Error(`account ${accountId} has no ledger`)
    const proof = await readStatementProof(ledger, head, query)
    if (!proof.ok)
      throw new Problem(
        'transaction_not_found',
        `after: the account’s newest transaction is ${proof.lastSequence}.`,
      )
    return { status: 200, body: proof.page }
  }),

  bind(api.readTrialBalance, async ({ query: { limit, cursor } }) => {
    return { status: 200, body: presentTrialPage(await books.readPage(readTrialPosition(cursor), limit)) }
  }),
)
