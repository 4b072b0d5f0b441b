/** One queue as the stack declares it; the same settings as `AWS::SQS::Queue`. */
export type QueueDeclaration = {
  /** FIFO queues end in `.fifo`, as on AWS. */
  name: string
  fifo?: boolean
  contentBasedDeduplication?: boolean
  visibilityTimeoutSeconds?: number
  delaySeconds?: number
  deadLetterQueue?: { name: string; maxReceiveCount: number }
  /**
   * Messages here wait for a person, so `isIdle()` does not count them. True by itself for every queue that another
   * one names as its dead-letter queue; say it for a queue that takes the failures of something else (a stream).
   */
  holdsFailures?: boolean
}

/** A message attribute in the shape of the SQS JSON protocol; binary values are base64. */
export type MessageAttribute = { DataType: string; StringValue?: string; BinaryValue?: string }

/** What is sent, before the queue's own rules (deduplication, delay) apply. */
export type OutgoingMessage = {
  body: string
  messageAttributes?: Record<string, MessageAttribute>
  groupId?: string
  deduplicationId?: string
  delaySeconds?: number
  traceHeader?: string
}

/** What a sender is told. A duplicate gets the answer of the first message. */
export type SentMessage = {
  messageId: string
  bodyMd5: string
  messageAttributesMd5?: string
  sequenceNumber?: string
}

/** One received message. The receipt handle is new at every receive. */
export type ReceivedMessage = {
  messageId: string
  receiptHandle: string
  body: string
  bodyMd5: string
  messageAttributes: Record<string, MessageAttribute>
  messageAttributesMd5?: string
  /** Every system attribute that applies, as SQS names them: `ApproximateReceiveCount`, `SentTimestamp`, `MessageGroupId` … */
  attributes: Record<string, string>
}

export type ReceiveOptions = {
  /** 1 to 10; 1 unless told otherwise, as on SQS. The in-process caller may ask for more. */
  maxMessages?: number
  /** The queue's own unless told otherwise. */
  visibilityTimeoutSeconds?: number
}

/** Messages that can be received now, are being worked on, are not due yet. */
export type QueueDepth = { visible: number; inFlight: number; delayed: number }
