import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { accountKey } from '../accounts/account-keys.ts'
import { getAll } from '../edge/get-all.ts'
import { writeTogether } from '../edge/write-together.ts'
import { type Resolution, WATCHES, type Watch, watchKeys, watchListKey } from '../top-up/watch-list.ts'
import {
  EXCEPTION_KINDS,
  type ExceptionKind,
  kindOf,
  LISTS,
  type WatchedDocument,
} from './payment-exception.ts'

export type PaymentException = { kind: ExceptionKind; document: WatchedDocument }
export type ExceptionPage = {
  exceptions: PaymentException[]
  /** The list goes on behind this place; absent at its end. */
  after?: string
}
export type Resolved =
  | { ok: true; resolution: Resolution }
  | { ok: false; reason: 'exception_not_found' | 'changed_meanwhile' }
  | { ok: false; reason: 'exception_resolved'; resolution: Resolution }

const ABOUT = { TOP_UP: 'top_up', REFUND: 'refund', DISPUTE: 'dispute' } as const

/** What staff have to look at: the documents on the watch lists, whatever they are of. */
export function createExceptionStore(options: { client: DynamoDBDocumentClient; paymentsTable: string }) {
  const { client, paymentsTable } = options

  /**
   * A page of exceptions of one kind, or of all, the longest standing first. One of a moment ago may still be missing. A page
   * may hold fewer lines than its limit and still go on.
   */
  async function list(
    kind: ExceptionKind | undefined,
    page: { limit: number; after?: string },
    now: Date,
  ): Promise<ExceptionPage> {
    const lists = (kind ? [kind] : EXCEPTION_KINDS).flatMap((each) => LISTS[each])
    const reads = await Promise.all(
      lists.map(({ watch, afterMilliseconds }) =>
        readList(watch, page, new Date(now.getTime() - afterMilliseconds).toISOString()),
      ),
    )
    // Where one list was not read to its end, what others have behind that place may come after what it has there.
    const horizon = reads.flatMap(({ readUpTo }) => readUpTo ?? []).toSorted()[0]
    const found = reads
      .flatMap(({ items }) => items)
      .filter(({ place }) => horizon === undefined || place <= horizon)
      .toSorted((left, right) => (left.place < right.place ? -1 : 1))
      .flatMap(({ place, document }) => {
        const shownAs = kindOf(document, now)
        return shownAs ? [{ place, exception: { kind: shownAs, document } }] : []
      })
    const shown = found.slice(0, page.limit)
    const after = found.length > page.limit ? shown.at(-1)!.place : horizon
    return { exceptions: shown.map(({ exception }) => exception), after }
  }

  /** Up to a page of one list from a place on; `readUpTo` when it may go on. */
  async function readList(watch: Watch, page: { limit: number; after?: string }, until: string) {
    // The first place behind it: no place begins with another one.
    const from = page.after === undefined ? '0' : `${page.after} `
    const upTo = `${until}~`
    if (from > upTo) return { items: [] }
    const { Items = [], LastEvaluatedKey } = await client.send(
      new QueryCommand({
        TableName: paymentsTable,
        IndexName: 'index2',
        KeyConditionExpression: 'index2pk = :list AND index2sk BETWEEN :from AND :upTo',
        ExpressionAttributeValues: {
          ':list': watchListKey(watch),
          ':from': from,
          ':upTo': upTo,
        },
        Limit: page.limit,
      }),
    )
    const items = Items.map((item) => ({ place: item.index2sk as string, document: toWatched(item) }))
    return { items, readUpTo: LastEvaluatedKey && items.at(-1)?.place }
  }

  /**
   * Takes one off the list as it is now, with a reason that is kept for good. Its next transition puts it on again; one that a
   * schedule follows is followed all the same.
   */
  async function resolve(
    asked: { accountId: string; id: string; note: string; actor: string },
    now: Date,
  ): Promise<Resolved> {
    const { accountId, id, note, actor } = asked
    const item = await read(accountId, id)
    const document = item && toWatched(item)
    if (!document) return { ok: false, reason: 'exception_not_found' }
    const before = document.resolution
    if (before && before.since === document.changedAt) {
      const isSame = before.note === note && before.actor === actor
      return isSame
        ? { ok: true, resolution: before }
        : { ok: false, reason: 'exception_resolved', resolution: before }
    }
    const kind = kindOf(document, now)
    if (!kind) return { ok: false, reason: 'exception_not_found' }
    const resolution = { since: document.changedAt, kind, note, actor, at: now.toISOString() }
    const written = await writeTogether(client, itemsOf(item, document, resolution))
    return written.ok ? { ok: true, resolution } : { ok: false, reason: 'changed_meanwhile' }
  }

  function itemsOf(
    { pk, sk }: Record<string, unknown>,
    { watch, accountId, id, changedAt, revision }: WatchedDocument,
    resolution: Resolution,
  ) {
    const isOff = watchKeys(watch, changedAt, accountId, id, resolution) === undefined
    const removal = isOff ? ' REMOVE index2pk, index2sk' : ''
    const number = revision.toString().padStart(15, '0')
    return [
      {
        Update: {
          TableName: paymentsTable,
          Key: { pk, sk },
          UpdateExpression: `SET resolution = :resolution, revision = :next${removal}`,
          ConditionExpression: 'revision = :read',
          ExpressionAttributeValues: {
            ':resolution': resolution,
            ':read': revision,
            ':next': revision + 1n,
          },
        },
      },
      {
        Put: {
          TableName: paymentsTable,
          Item: { pk, sk: `RESOLUTION#${id}#${number}`, accountId, id, ...resolution },
          ConditionExpression: 'attribute_not_exists(pk)',
        },
      },
    ]
  }

  /** The document of that id, of whichever kind it is (strongly consistent). */
  async function read(accountId: string, id: string): Promise<Record<string, unknown> | undefined> {
    const pk = accountKey(accountId)
    const Keys = Object.keys(ABOUT).map((kind) => ({ pk, sk: `${kind}#${id}` }))
    return (await getAll(client, paymentsTable, Keys))[0]
  }

  return { list, resolve }
}

/** The document as its item holds it, with the list on which it stands. */
function toWatched(item: Record<string, unknown>): WatchedDocument {
  const [kind, id] = String(item.sk).split('#')
  const watch = WATCHES.find((each) => watchListKey(each) === item.index2pk)
  return { ...(item as WatchedDocument), about: ABOUT[kind as keyof typeof ABOUT], id: id!, watch }
}
