import { createAccess } from '../access/access.store.ts'
import { MEMBER_ROLES } from '../accounts/account.ts'
import { dayOf } from '../accounts/local-day.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { listCards } from './cards.api.ts'
import { createCardStore } from './cards.store.ts'
import { presentCards } from './present-cards.ts'

const { DOCUMENTS_TABLE, PAYMENTS_TABLE } = environment('DOCUMENTS_TABLE', 'PAYMENTS_TABLE')
const client = documentClient()
const access = createAccess({ client, documentsTable: DOCUMENTS_TABLE })
const cards = createCardStore({ client, paymentsTable: PAYMENTS_TABLE })

export const handler = httpHandler(
  bind(listCards, async ({ caller, params: { accountId } }) => {
    const readers = { roles: MEMBER_ROLES, staff: true, despiteTerms: true as const }
    const { timeZone } = await access.require(caller, accountId, readers)
    const today = dayOf(new Date().toISOString(), timeZone)
    return { status: 200, body: presentCards(await cards.read(accountId), today) }
  }),
)
