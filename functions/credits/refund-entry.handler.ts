import { createAccess } from '../access/access.store.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { requestHash } from '../edge/request-id.ts'
import { type RefundRefusal, refund } from '../ledger/decide-movement.ts'
import { parseAmount } from '../ledger/money.ts'
import { explainEntry } from '../statements/present-entry.ts'
import { refundEntry } from './credits.api.ts'
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
  bind(refundEntry, async ({ caller, params: { accountId, sequence }, body, idempotencyKey }) => {
    const account = await access.require(caller, accountId, { roles: [], staff: true })
    const asked = { amountMicros: parseAmount(body.amount)!, currency: body.currency }
    const why = { reason: body.reason, actor: caller.actor }
    const posted = await undo<RefundRefusal>({
      accountId,
      sequence,
      key: `refund:${sequence}:${idempotencyKey}`,
      requestHash: requestHash({ refunds: sequence, ...asked, reason: body.reason }),
      at: new Date().toISOString(),
      decide: (head, entry, undone) => refund(head, entry, asked, why, undone),
    })
    if (!posted.ok) throw undoProblem(posted, sequence, account.currency)
    return { status: 201, body: explainEntry(posted.entry) }
  }),
)
