import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { eachMessage, queueHandler } from '../edge/queue.ts'
import { deliveredEventSchema } from '../events/event.ts'
import { createLotWatch } from './watch-lots.store.ts'

const { DOCUMENTS_TABLE } = environment('DOCUMENTS_TABLE')
const watch = createLotWatch({ client: documentClient(), documentsTable: DOCUMENTS_TABLE })

export const handler = queueHandler({
  schema: deliveredEventSchema,
  run: eachMessage(async ({ detailType, detail }) => {
    if (detailType !== 'lots.raised') throw new Error(`${detailType} raises no lots`)
    await watch(detail)
  }),
})
