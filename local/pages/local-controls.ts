import type { Clock } from '../clock.ts'
import type { Ses } from '../ses.ts'
import type { Sqs } from '../sqs.ts'

export type Idleness = {
  idle: boolean
  runningInvocations: number
  deliveringStreams: boolean
  firingSchedules: boolean
  waitingEvents: boolean
  waitingWebhooks: boolean
  busyQueues: string[]
}

/** What the local pages may see and do. */
export type LocalControls = {
  apiUrl(): string
  issuerUrl: string
  stripeUrl: string
  ses: Ses
  sqs: Sqs
  queueNames: readonly string[]
  clock: Pick<Clock, 'now'>
  advanceTo(instant: Date): Promise<void>
  idleness(): Idleness
  staffToken(): Promise<string>
  usageToken(): Promise<string>
  personToken(email: string): Promise<string>
}
