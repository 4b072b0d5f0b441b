import { z } from 'zod'
import { expand, integer } from './read-parameters.ts'
import { noSuch } from './stripe-problem.ts'

export interface StripeList<Item = object> {
  object: 'list'
  data: Item[]
  has_more: boolean
  url: string
}

const range = z.strictObject({
  gt: integer.optional(),
  gte: integer.optional(),
  lt: integer.optional(),
  lte: integer.optional(),
})

/** The parameters of every list (Stripe, "Pagination"). */
export const pageParameters = {
  ending_before: z.string().min(1, 'parameter_invalid_empty').optional(),
  expand,
  limit: integer
    .pipe(z.number().min(1, 'parameter_invalid_integer').max(100, 'parameter_invalid_integer'))
    .optional(),
  starting_after: z.string().min(1, 'parameter_invalid_empty').optional(),
}

/** The `created` filter: a second since 1970, or a range of them. */
export const createdFilter = z.union([integer, range]).optional()

interface Page {
  limit?: number
  starting_after?: string
  ending_before?: string
  created?: z.output<typeof createdFilter>
}

const PAGE_LENGTH = 10

/** A page of objects that come oldest first; Stripe shows the newest first. An unknown cursor is a 400. */
export function pageOf<Item extends { id: string; created: number }>(
  oldestFirst: Item[],
  page: Page,
  url: string,
  kind: string,
): StripeList<Item> {
  const items = oldestFirst.filter((item) => isWithin(item.created, page.created)).reverse()
  const limit = page.limit ?? PAGE_LENGTH
  const positionOf = (id: string, param: string) => {
    const position = items.findIndex((item) => item.id === id)
    if (position < 0) throw noSuch(kind, id, param, 400)
    return position
  }
  const from = page.starting_after ? positionOf(page.starting_after, 'starting_after') + 1 : 0
  if (page.ending_before) {
    const before = items.slice(from, positionOf(page.ending_before, 'ending_before'))
    return { object: 'list', data: before.slice(-limit), has_more: before.length > limit, url }
  }
  const rest = items.slice(from)
  return { object: 'list', data: rest.slice(0, limit), has_more: rest.length > limit, url }
}

function isWithin(created: number, filter: Page['created']): boolean {
  if (filter === undefined) return true
  if (typeof filter === 'number') return created === filter
  return (
    created > (filter.gt ?? -Infinity) &&
    created >= (filter.gte ?? -Infinity) &&
    created < (filter.lt ?? Infinity) &&
    created <= (filter.lte ?? Infinity)
  )
}
