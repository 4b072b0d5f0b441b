import { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import middy from '@middy/core'
import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda'
import { environment } from '../edge/environment.ts'
import { createBus } from '../events/bus.client.ts'
import { publishRecords } from '../events/publish-records.client.ts'
import { eventsOfPayment } from './events-of-payment.ts'

const { EVENT_BUS } = environment('EVENT_BUS')
const bus = createBus({ client: new EventBridgeClient({}), busName: EVENT_BUS })

export const handler = middy<DynamoDBStreamEvent, DynamoDBBatchResponse>().handler((event) =>
  publishRecords(event.Records, bus.put, eventsOfPayment),
)
