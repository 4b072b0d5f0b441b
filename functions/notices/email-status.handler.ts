import { SESv2Client } from '@aws-sdk/client-sesv2'
import { createAccess } from '../access/access.store.ts'
import { createAccountStore } from '../accounts/account.store.ts'
import { refuse } from '../accounts/refuse.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { createAddressStatusStore } from './address-status.store.ts'
import { clearEmailStatus } from './notices.api.ts'
import { createSuppressionList } from './suppression.client.ts'

const { DOCUMENTS_TABLE } = environment('DOCUMENTS_TABLE')
const options = { client: documentClient(), documentsTable: DOCUMENTS_TABLE }
const access = createAccess(options)
const accounts = createAccountStore(options)
const addresses = createAddressStatusStore(options)
const suppressionList = createSuppressionList({ client: new SESv2Client({}) })

export const handler = httpHandler(
  bind(clearEmailStatus, async ({ caller, params: { accountId, email } }) => {
    await access.require(caller, accountId, { roles: [], staff: true })
    if (!(await accounts.readMember(accountId, email))) throw refuse('member_not_found')
    // First the provider's list: as long as that has it, mail to it comes back.
    await suppressionList.remove(email)
    await addresses.clear(email, new Date().toISOString())
    return { status: 204 }
  }),
)
