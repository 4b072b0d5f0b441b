import { createAccess } from '../access/access.store.ts'
import { MEMBER_ROLES } from '../accounts/account.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { createHoldStore } from './hold.store.ts'
import { holdNotFound } from './hold-problem.ts'
import { listHolds, readHold } from './holds.api.ts'
import { presentHold, presentHolds, readHoldPosition } from './present-hold.ts'

const { DOCUMENTS_TABLE } = environment('DOCUMENTS_TABLE')
const documents = { client: documentClient(), documentsTable: DOCUMENTS_TABLE }
const access = createAccess(documents)
const holds = createHoldStore(documents)
const readers = { roles: MEMBER_ROLES, staff: true, usage: true }

export const handler = httpHandler(
  bind(listHolds, async ({ caller, params, query }) => {
    const { accountId } = await access.require(caller, params.accountId, readers)
    const { limit, cursor } = query
    const found = await holds.listOpen(accountId, { limit, after: readHoldPosition(cursor) })
    return { status: 200, body: presentHolds(found, limit) }
  }),
  bind(readHold, async ({ caller, params }) => {
    const { accountId } = await access.require(caller, params.accountId, readers)
    const hold = await holds.read(accountId, params.holdId)
    if (!hold) throw holdNotFound(accountId, params.holdId)
    return { status: 200, body: presentHold(hold) }
  }),
)
