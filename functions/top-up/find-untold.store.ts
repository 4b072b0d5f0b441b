import { log } from '../edge/log.ts'
import { Problem } from '../edge/problem.ts'
import { handNews, type NewsTakers } from './hand-news.ts'
import type { PaymentProvider } from './payment-provider.ts'

/** So far back. Each run looks at all of it, so that what one cannot do the next ones can, for two days. */
const LOOKED_BACK_MILLISECONDS = 48 * 3_600_000
/** A run that does not come to the end is followed by one that begins elsewhere. */
const STEP = 50
const RUN_MILLISECONDS = 900_000

/**
 * Finds what has begun at the provider alone, and stands on none of our lists because its events never came: disputes, and
 * refunds that were made there by hand. Each goes the very way of its events; what fails stops nothing else.
 */
export function createUntoldFinder({
  provider,
  takers,
}: {
  provider: () => Promise<Pick<PaymentProvider, 'listBegun'>>
  takers: Pick<NewsTakers, 'dispute' | 'refund'>
}) {
  return async function find({ now, mayGoOn }: { now: Date; mayGoOn: () => boolean }): Promise<number> {
    const since = new Date(now.getTime() - LOOKED_BACK_MILLISECONDS).toISOString()
    const begun = await (await provider()).listBegun(since)
    if (!begun.ok) return 0
    const first = (Math.floor(now.getTime() / RUN_MILLISECONDS) * STEP) % Math.max(1, begun.news.length)
    let count = 0
    for (const news of [...begun.news.slice(first), ...begun.news.slice(0, first)]) {
      if (!mayGoOn()) break
      count += 1
      try {
        await handNews(takers, news, now.toISOString())
      } catch (error) {
        if (error instanceof Problem)
          log.warn('what began at the provider is looked at again later', { ...news })
        else log.error('what began at the provider could not be followed', { ...news, error: error as Error })
      }
    }
    return count
  }
}
