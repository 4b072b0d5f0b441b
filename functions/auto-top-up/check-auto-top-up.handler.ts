import { SQSClient } from '@aws-sdk/client-sqs'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { log } from '../edge/log.ts'
import { eachMessage, queueHandler } from '../edge/queue.ts'
import { stripeProvider } from '../top-up/stripe-provider.client.ts'
import { autoTopUpOptions } from './auto-top-up-options.store.ts'
import { createAutoTopUpCheck } from './check-auto-top-up.store.ts'
import { createCheckLater } from './check-later.client.ts'
import { checkMessageSchema } from './check-message.ts'

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
const autoTopUp = createAutoTopUpCheck(
  autoTopUpOptions({
    client: documentClient(),
    ledgerTable: names.LEDGER_TABLE,
    waitingTable: names.WAITING_TABLE,
    documentsTable: names.DOCUMENTS_TABLE,
    paymentsTable: names.PAYMENTS_TABLE,
    portalUrl: names.PORTAL_URL.replace(/\/$/, ''),
    provider: stripeProvider(names.STRIPE_SECRET_NAME, names.STRIPE_API_URL),
    checkLater: createCheckLater({ client: new SQSClient({}), queueUrl: names.AUTO_TOP_UP_QUEUE_URL }),
  }),
)

export const handler = queueHandler({
  schema: checkMessageSchema,
  run: eachMessage(async ({ accountId, ...told }) => {
    const result = await autoTopUp.check(accountId, new Date(), told)
    if (result !== 'not_on' && result !== 'covered') log.info('automatic top-up', { accountId, result })
  }),
})
