import { createAccess } from '../access/access.store.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { postingProblem } from '../edge/posting-problem.ts'
import { invalidField } from '../edge/problem.ts'
import { requestHash } from '../edge/request-id.ts'
import type { MovementRefusal } from '../ledger/decide-movement.ts'
import { createLedger } from '../ledger/ledger.store.ts'
import { parseAmount } from '../ledger/money.ts'
import { explainEntry } from '../statements/present-entry.ts'
import { createTermsGate } from '../terms/terms-gate.store.ts'
import { giveCredit } from './credits.api.ts'
import { decideCredit, type LastDayRefused } from './give-credit.ts'

const { LEDGER_TABLE, WAITING_TABLE, DOCUMENTS_TABLE } = environment(
  'LEDGER_TABLE',
  'WAITING_TABLE',
  'DOCUMENTS_TABLE',
)
const client = documentClient()
const access = createAccess({ client, documentsTable: DOCUMENTS_TABLE })
const gate = createTermsGate({ client, documentsTable: DOCUMENTS_TABLE })
const ledger = createLedger({ client, ledgerTable: LEDGER_TABLE, waitingTable: WAITING_TABLE })

export const handler = httpHandler(
  bind(giveCredit, async ({ caller, params: { accountId }, body, idempotencyKey }) => {
    const account = await access.require(caller, accountId, { roles: [], staff: true })
    const now = new Date()
    const at = now.toISOString()
    const { kind, reason, currency, lastDay } = body
    const asked = { kind, reason, currency, amountMicros: parseAmount(body.amount)!, lastDay }
    const given = { ...asked, actor: caller.actor, termsVersion: await gate.inForce(account, now) }
    const posted = await ledger.post<MovementRefusal | LastDayRefused>({
      accountId,
      key: `credit:${idempotencyKey}`,
      requestHash: requestHash(asked),
      at,
      decide: (head) => decideCredit(head, given, { timeZone: account.timeZone, at }),
    })
    if (posted.ok) return { status: 201, body: explainEntry(posted.entry) }
    if (posted.reason === 'last_day_refused') throw invalidField('lastDay', posted.detail)
    throw postingProblem(posted, account.currency)
  }),
)
