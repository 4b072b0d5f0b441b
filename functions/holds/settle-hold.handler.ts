import { createAccess } from '../access/access.store.ts'
import { createAccountStore } from '../accounts/account.store.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { createLedger } from '../ledger/ledger.store.ts'
import { createHoldStore } from './hold.store.ts'
import { captureHold, releaseHold } from './holds.api.ts'
import { presentHold } from './present-hold.ts'
import { createSettling } from './settle-hold.store.ts'

const names = environment('LEDGER_TABLE', 'WAITING_TABLE', 'DOCUMENTS_TABLE')
const client = documentClient()
const documents = { client, documentsTable: names.DOCUMENTS_TABLE }
const accounts = createAccountStore(documents)
const access = createAccess(documents)
const settling = createSettling({
  ledger: createLedger({ client, ledgerTable: names.LEDGER_TABLE, waitingTable: names.WAITING_TABLE }),
  holds: createHoldStore(documents),
  accounts,
})
const allowed = { roles: [], staff: true, usage: true }

export const handler = httpHandler(
  bind(captureHold, async ({ caller, params, body }) => {
    const { accountId } = await access.require(caller, params.accountId, allowed)
    const asked = { accountId, holdId: params.holdId, actor: caller.actor, now: new Date() }
    return { status: 200, body: presentHold(await settling.capture(asked, body)) }
  }),
  bind(releaseHold, async ({ caller, params }) => {
    const { accountId } = await access.require(caller, params.accountId, allowed)
    const asked = { accountId, holdId: params.holdId, actor: caller.actor, now: new Date() }
    return { status: 200, body: presentHold(await settling.release(asked)) }
  }),
)
