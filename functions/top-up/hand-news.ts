import type { ProviderNews } from './payment-provider.ts'

export type NewsOf<Kind extends ProviderNews['kind']> = ProviderNews & { kind: Kind }

/**
 * Who takes which news: a capability hangs itself in by a line of its own. Whoever takes news does what it says, once, in
 * whatever order and however often it comes; it throws the problem `busy` when the news has to come again.
 */
export type NewsTakers = {
  [Kind in ProviderNews['kind']]?: (news: NewsOf<Kind>, at: string) => Promise<void>
}

/** Hands news to whoever takes its kind; false when nobody does. */
export async function handNews(takers: NewsTakers, news: ProviderNews, at: string): Promise<boolean> {
  const take = takers[news.kind] as ((news: ProviderNews, at: string) => Promise<void>) | undefined
  if (!take) return false
  await take(news, at)
  return true
}
