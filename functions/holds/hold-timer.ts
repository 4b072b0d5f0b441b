import { z } from 'zod'
import type { HoldTimer } from './hold.ts'

/** The body of a timer's message. */
export const holdTimerSchema = z.object({
  accountId: z.string().min(1),
  holdId: z.string().min(1),
  expiresAt: z.iso.datetime(),
})

/**
 * SQS delays a message by at most 15 minutes. Less, so that a timer that waits is never taken for a message that nobody
 * works off: the queue's alarm rings for one of 15 minutes.
 */
const LONGEST_DELAY_SECONDS = 600

/** Whoever wrote a hold has ended by then: its function has no more than 15 seconds. */
const LATEST_WRITE_MILLISECONDS = 60_000

/** How long a timer's message waits: until the instant, or for as long as one may; whole seconds, never too few. */
export function timerDelaySeconds(expiresAt: string, now: Date): number {
  const seconds = Math.ceil((Date.parse(expiresAt) - now.getTime()) / 1000)
  return Math.min(Math.max(seconds, 0), LONGEST_DELAY_SECONDS)
}

/**
 * When to ring again for a hold that is not there: timers are started before holds are written, so this one may come yet.
 * Undefined when it cannot any more.
 */
export function ringAgainForNoHold({ expiresAt }: HoldTimer, now: Date): string | undefined {
  const latest = Date.parse(expiresAt) + LATEST_WRITE_MILLISECONDS
  return now.getTime() < latest ? new Date(latest).toISOString() : undefined
}
