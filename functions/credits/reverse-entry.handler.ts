import { createAccess } from '../access/access.store.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { Problem } from '../edge/problem.ts'
import { requestHash } from '../edge/request-id.ts'
import { type ReversalRefusal, reverse } from '../ledger/decide-movement.ts'
import { explainEntry } from '../statements/present-entry.ts'
import { reverseEntry } from './credits.api.ts'
import { createUndoing } from './undo-entry.store.ts'
import { undoProblem } from './undo-problem.ts'

const { LEDGER_TABLE, WAITING_TABLE, DOCUMENTS_TABLE } = environment(
  'LEDGER_TABLE',
  'WAITING_TABLE',
  'DOCUMENTS_TABLE',
)
const client = documentClient()
const access = createAccess({ client, documentsTable: DOCUMENTS_TABLE })
const undo = createUndoing({ client, ledgerTable: LEDGER_TABLE, waitingTable: WAITING_TABLE })

export const handler = httpHandler(
  bind(reverseEntry, async ({ caller, params: { accountId, sequence }, body: { reason } }) => {
    const account = await access.require(caller, accountId, { roles: [], staff: true })
    const posted = await undo<ReversalRefusal>({
      accountId,
      sequence,
      // Named by what it undoes, so that two people with a key each cannot undo it twice.
      key: `reverse:${sequence}`,
      requestHash: requestHash({ reverses: sequence, reason }),
      at: new Date().toISOString(),
      decide: (head, entry, undone) => reverse(head, entry, { reason, actor: caller.actor }, undone),
    })
    if (posted.ok) return { status: 201, body: explainEntry(posted.entry) }
    if (posted.reason === 'idempotency_key_reused') {
      throw new Problem(
        'already_reversed',
        `Transaction ${sequence} was reversed before, for another reason.`,
      )
    }
    throw undoProblem(posted, sequence, account.currency)
  }),
)
