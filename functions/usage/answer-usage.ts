import { Problem } from '../edge/problem.ts'
import type { Reply } from '../edge/route.ts'
import { faultsOf, type TakenUsage } from './take-usage.ts'

/**
 * Queues what was accepted, then says so: 202 with a verdict for each event. When nothing can be taken the request is
 * refused as a whole, and when the queue may lack something it is 503 and nothing is claimed: the same request may be
 * sent again, since an event counts once however often it is queued.
 */
export async function answerUsage(
  taken: TakenUsage,
  isBatch: boolean,
  queue: () => Promise<boolean>,
): Promise<Reply> {
  const { accepted, verdicts, unknownAccounts } = taken
  const isHopeless = accepted.length === 0 && verdicts.length > 0
  if (isHopeless && !isBatch && unknownAccounts.size > 0) {
    const errors = [{ field: 'subject', detail: 'is not an account here' }]
    throw new Problem('account_not_found', `There is no account ${[...unknownAccounts][0]}.`, { errors })
  }
  if (isHopeless) {
    const errors = faultsOf(verdicts, isBatch)
    const detail = errors
      .slice(0, 5)
      .map(({ field, detail }) => `${field}: ${detail}`)
      .join('; ')
    throw new Problem('request_invalid', `No event can be taken. ${detail}`, { errors })
  }
  if (accepted.length > 0 && !(await queue())) {
    throw new Problem(
      'busy',
      'Not every event could be queued. Send the same request again: no event counts twice.',
    )
  }
  const rejected = verdicts.length - accepted.length
  return { status: 202, body: { accepted: accepted.length, rejected, events: verdicts } }
}
