import middy from '@middy/core'
import type { Context } from 'aws-lambda'

/**
 * The Lambda behind a schedule. It gets the time of now rather than of the firing, because whatever is due and not done
 * is done: a missed firing is made up for by the next, a doubled one finds nothing left. A failure is thrown, so that
 * the schedule's own retries and dead-letter queue take over.
 */
export function scheduleHandler(run: (now: Date, context: Context) => Promise<void>) {
  return middy().handler(async (_event: unknown, context: Context) => run(new Date(), context))
}
