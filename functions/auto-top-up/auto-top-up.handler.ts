import { SQSClient } from '@aws-sdk/client-sqs'
import { createAccess } from '../access/access.store.ts'
import { MEMBER_ROLES } from '../accounts/account.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { stripeProvider } from '../top-up/stripe-provider.client.ts'
import { readAutoTopUp, setAutoTopUp, switchOffAutoTopUp } from './auto-top-up.api.ts'
import { autoTopUpOptions } from './auto-top-up-options.store.ts'
import { createCheckLater } from './check-later.client.ts'
import { CONSENT_WORDING } from './consent-wording.ts'
import { presentAutoTopUp } from './present-auto-top-up.ts'
import { readSettings } from './read-settings.ts'
import { createAutoTopUpSwitch } from './switch-auto-top-up.store.ts'

const names = environment(
  'LEDGER_TABLE',
  'WAITING_TABLE',
  'DOCUMENTS_TABLE',
  'PAYMENTS_TABLE',
  'STRIPE_SECRET_NAME',
  'STRIPE_API_URL',
  'AUTO_TOP_UP_QUEUE_URL',
  'PORTAL_URL',
)
const client = documentClient()
const access = createAccess({ client, documentsTable: names.DOCUMENTS_TABLE })
const options = autoTopUpOptions({
  client,
  ledgerTable: names.LEDGER_TABLE,
  waitingTable: names.WAITING_TABLE,
  documentsTable: names.DOCUMENTS_TABLE,
  paymentsTable: names.PAYMENTS_TABLE,
  portalUrl: names.PORTAL_URL.replace(/\/$/, ''),
  provider: stripeProvider(names.STRIPE_SECRET_NAME, names.STRIPE_API_URL),
  checkLater: createCheckLater({ client: new SQSClient({}), queueUrl: names.AUTO_TOP_UP_QUEUE_URL }),
})
const autoTopUp = createAutoTopUpSwitch(options)
const payers = ['owner', 'billing'] as const

export const handler = httpHandler(
  bind(readAutoTopUp, async ({ caller, params }) => {
    const account = await access.require(caller, params.accountId, {
      roles: MEMBER_ROLES,
      staff: true,
      despiteTerms: true,
    })
    const document = await options.autoTopUps.read(account.accountId)
    return { status: 200, body: presentAutoTopUp(account, document, new Date().toISOString()) }
  }),
  bind(setAutoTopUp, async ({ caller, params, body, sourceIp, userAgent }) => {
    const account = await access.require(caller, params.accountId, { roles: payers })
    const { actor, email } = caller
    const now = new Date()
    const document = await autoTopUp.switchOn({
      account,
      settings: readSettings(account, body),
      consent: { actor, email, wordingVersion: CONSENT_WORDING.version, sourceIp, userAgent },
      isChargeConfirmed: body.confirmImmediateCharge,
      now,
    })
    return { status: 200, body: presentAutoTopUp(account, document, now.toISOString()) }
  }),
  bind(switchOffAutoTopUp, async ({ caller, params }) => {
    const account = await access.require(caller, params.accountId, {
      roles: payers,
      staff: true,
      despiteTerms: true,
    })
    const now = new Date()
    const document = await autoTopUp.switchOff(account.accountId, now)
    return { status: 200, body: presentAutoTopUp(account, document, now.toISOString()) }
  }),
)
