// Stands in for Amazon SQS over one SQLite file: standard and FIFO queues, single and batch send, receive with long poll,
// delete, change of visibility, dead-letter queues and their redrive, purge, attributes of queues and messages.
// FIFO as on AWS: order within a group, also after a message returned; a group with a message in flight gives nothing more; five minutes of
// deduplication by id or content. Accepted messages survive kill -9.
// Leaves out: making and deleting queues (they are declared at start), access policies, encryption, retention (messages stay until deleted),
// limits on throughput and on messages in flight, receive request attempt ids, pausing or listing move tasks. Standard queues
// here keep order and deliver once unless a receiver fails; nobody should rely on that.
import { startAwsJsonServer } from './aws-json.ts'
import { queueOperations } from './sqs/queue-operations.ts'
import { type OpenQueues, openQueues, type QueuesOptions } from './sqs/queues.ts'

export type {
  MessageAttribute,
  OutgoingMessage,
  QueueDeclaration,
  QueueDepth,
  ReceivedMessage,
  ReceiveOptions,
  SentMessage,
} from './sqs/queue.types.ts'

export type SqsOptions = QueuesOptions & {
  /** 0 (the default) takes a free port. */
  port?: number
  region?: string
  accountId?: string
}

export type Sqs = OpenQueues & {
  url: string
  queueUrl(queueName: string): string
  queueArn(queueName: string): string
  close(): Promise<void>
}

/** Serves the declared queues on loopback, and in-process through the returned object. Throws when the declarations contradict each other. */
export async function startSqs(options: SqsOptions): Promise<Sqs> {
  const accountId = options.accountId ?? '000000000000'
  const arnPrefix = `arn:aws:sqs:${options.region ?? 'us-east-1'}:${accountId}:`
  const queues = openQueues(options)
  let url = ''
  const addresses = {
    queueUrl: (queueName: string) => `${url}/${accountId}/${queueName}`,
    queueArn: (queueName: string) => `${arnPrefix}${queueName}`,
  }
  const server = await startAwsJsonServer(
    { targetPrefix: 'AmazonSQS', jsonVersion: '1.0', port: options.port ?? 0 },
    queueOperations(queues, addresses),
  ).catch((error: unknown) => {
    queues.close()
    throw error
  })
  url = server.url
  return {
    ...queues,
    ...addresses,
    url,
    close: async () => {
      await server.close()
      queues.close()
    },
  }
}
