import { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { log } from '../edge/log.ts'
import { eachMessage, queueHandler } from '../edge/queue.ts'
import { createBus } from '../events/bus.client.ts'
import { deliveredEventSchema } from '../events/event.ts'
import { createLowCreditAlert } from './alert-low-credit.store.ts'

const { LEDGER_TABLE, DOCUMENTS_TABLE, EVENT_BUS } = environment(
  'LEDGER_TABLE',
  'DOCUMENTS_TABLE',
  'EVENT_BUS',
)
const bus = createBus({ client: new EventBridgeClient({}), busName: EVENT_BUS })
const alert = createLowCreditAlert({
  client: documentClient(),
  ledgerTable: LEDGER_TABLE,
  documentsTable: DOCUMENTS_TABLE,
  put: bus.put,
})

export const handler = queueHandler({
  schema: deliveredEventSchema,
  run: eachMessage(async ({ detail: { accountId } }) => {
    const result = await alert.check(accountId, new Date())
    if (result !== 'nothing') log.info('low credit', { accountId, result })
  }),
})
