import { expire } from './decide-movement.ts'
import {
  chainEntry,
  type Entry,
  type EntryDraft,
  type Head,
  LARGEST_TRANSACTION_ITEMS,
  moveWatermarks,
  type Watermark,
} from './entry.ts'
import { headUpdate, type TransactItem } from './head.store.ts'
import { accountKey, entryKey, idempotencyKey } from './ledger-keys.ts'
import type { LotStore } from './lot.store.ts'
import type { Lot } from './lot.ts'
import type { PostingParts } from './posting-failure.store.ts'
import { expiryOfLot } from './undone.store.ts'

/** A permanent marker that something was decided: written with the entry, refused if it is there already. */
export type Marker = { id: string; item: Record<string, unknown> }

/** An entry that is wanted, with markers and documents that change in the same transaction. */
export type Posting = { ok: true; draft: EntryDraft; markers?: Marker[]; documents?: TransactItem[] }

/** A write of HEAD that posts nothing: how far sources have come, with the documents that change with that. */
export type Note = { ok: true; watermarks: Record<string, Watermark>; documents: TransactItem[] }

/** A transaction over HEAD. With an entry, or as a note, it is what was asked for; without, it makes way for that. */
export type Write = { items: TransactItem[]; parts: PostingParts; next: Head; entry?: Entry; isNote?: true }

const FIRST_MARKER_WITHOUT_KEY = 2
const NO_PARTS = { hasKey: false, firstMarker: 0, markers: [], documentCount: 0 }

/** Makes the transactions that write HEAD, each on the condition that HEAD is as it was decided upon. */
export function createPostingTransactions(options: {
  ledgerTable: string
  usageTable?: string
  behind: LotStore
}) {
  const { ledgerTable, usageTable, behind } = options

  /** Posts an entry. Throws `LotsBehindError` when lots have to be brought in for it. */
  function ofPosting(
    head: Head,
    posting: Omit<Posting, 'ok'>,
    request: { key?: string; requestHash?: string; at: string },
  ): Write & { entry: Entry } {
    const { draft, markers = [], documents = [] } = posting
    const { accountId } = head
    const others = FIRST_MARKER_WITHOUT_KEY + (request.key ? 1 : 0) + markers.length + documents.length
    const room = LARGEST_TRANSACTION_ITEMS - others
    const { entry, next, lotsBehind } = chainEntry(head, draft, request.key ?? '', request.at, room)
    const pk = accountKey(accountId)
    const items: TransactItem[] = [
      headUpdate(ledgerTable, head, next),
      putOnce(ledgerTable, { pk, sk: entryKey(entry.sequence), ...entry }),
    ]
    if (request.key) {
      const keyItem = { requestHash: request.requestHash ?? '', sequence: entry.sequence, at: request.at }
      items.push(putOnce(ledgerTable, { pk, sk: idempotencyKey(request.key), ...keyItem }))
    }
    const firstMarker = items.length
    for (const marker of markers) {
      if (!usageTable) throw new Error('markers need a table')
      items.push(putOnce(usageTable, { ...marker.item, entrySequence: entry.sequence }))
    }
    items.push(...documents, ...lotsBehind.map((lot) => behind.addition(accountId, lot)))
    if (items.length > LARGEST_TRANSACTION_ITEMS)
      throw new Error(`a posting of ${items.length} items does not fit a transaction`)
    const parts = { hasKey: Boolean(request.key), firstMarker, markers, documentCount: documents.length }
    return { items, parts, next, entry }
  }

  /** Takes expired lots by an entry of their own, before what was asked for. */
  function ofExpiry(head: Head, expired: readonly Lot[], at: string): Write {
    const documents = expired.map((lot) => expiryOfLot(ledgerTable, head.accountId, lot))
    const { items, parts, next } = ofPosting(head, { draft: expire(expired), documents }, { at })
    return { items, parts, next }
  }

  /** Notes how far sources have come, without an entry. */
  function ofNote(head: Head, { watermarks, documents }: Note): Write {
    const next = moveWatermarks(head, watermarks)
    const parts = { ...NO_PARTS, firstMarker: 1, documentCount: documents.length }
    return { items: [headUpdate(ledgerTable, head, next), ...documents], parts, next, isNote: true }
  }

  /** Brings the next lots into HEAD, before what was asked for; undefined when none wait. */
  async function ofLotsBehind(head: Head): Promise<Write | undefined> {
    const { items, next } = await behind.bringIn(head)
    return items.length > 1 ? { items, next, parts: NO_PARTS } : undefined
  }

  return { ofPosting, ofExpiry, ofNote, ofLotsBehind }
}

function putOnce(TableName: string, Item: Record<string, unknown>): TransactItem {
  return {
    Put: {
      TableName,
      Item,
      ConditionExpression: 'attribute_not_exists(pk)',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    },
  }
}
