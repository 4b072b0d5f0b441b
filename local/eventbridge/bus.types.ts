export type EventBridgeTarget = {
  id: string
  arn: string
  /** At most one of the three, as on AWS; none of them delivers the whole event. */
  input?: string
  inputPath?: string
  inputTransformer?: { inputPathsMap?: Record<string, string>; inputTemplate: string }
  /** Resolves when the target has taken the payload; a rejection is retried with backoff. May be called again with the same payload. */
  deliver(payloadJson: string): Promise<void>
}

export type EventBridgeRule = {
  name: string
  /** `default` unless told otherwise. A name, not an ARN. */
  busName?: string
  /** The pattern as parsed JSON. */
  eventPattern: unknown
  targets: readonly EventBridgeTarget[]
}

/** An event as its rules and targets see it. */
export type BusEvent = {
  version: '0'
  id: string
  'detail-type': string
  source: string
  account: string
  /** ISO 8601 to the second, as on EventBridge. */
  time: string
  region: string
  resources: string[]
  detail: Record<string, unknown>
}

/** A delivery that was given up. */
export type UndeliveredEvent = {
  ruleName: string
  targetId: string
  payloadJson: string
  attempts: number
  reason: string
}
