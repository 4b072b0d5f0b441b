import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { log } from '../edge/log.ts'
import { eachMessage, queueHandler } from '../edge/queue.ts'
import { createAddressStatusStore } from './address-status.store.ts'
import { mailEventSchema, notesOf } from './address-status.ts'

const { DOCUMENTS_TABLE } = environment('DOCUMENTS_TABLE')
const addresses = createAddressStatusStore({ client: documentClient(), documentsTable: DOCUMENTS_TABLE })

/** Notes which addresses are not to be written to any more. */
export const handler = queueHandler({
  schema: mailEventSchema,
  run: eachMessage(async (event) => {
    const { eventType, mail } = event.detail
    for (const note of notesOf(event)) await addresses.note(note)
    log.info('mail did not arrive', { eventType, messageId: mail.messageId })
  }),
})
