import type { TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb'
import type { AccountStatus, Counter, Head, Watermark } from './entry.ts'
import { accountKey, HEAD_KEY } from './ledger-keys.ts'
import { packLot, unpackLot } from './lot.ts'

export type TransactItem = NonNullable<TransactWriteCommandInput['TransactItems']>[number]

/**
 * HEAD as the table keeps it: lots and watermarks as short texts, and the month that all counters count in once, so that it
 * stays under one kilobyte.
 */
type HeadItem = Omit<Head, 'lots' | 'watermarks' | 'status' | 'counters'> & {
  status: AccountStatus
  counters: Record<string, bigint>
  /** Empty where nothing is counted. */
  countedIn: string
  lots: string[]
  watermarks: Record<string, string>
}

/** An account's HEAD before its first entry. */
export function openingHead(accountId: string, currency: string, tip: string): Record<string, unknown> {
  const item: HeadItem = {
    accountId,
    currency,
    status: 'open',
    availableMicros: 0n,
    heldMicros: 0n,
    receivableMicros: 0n,
    sequence: 0n,
    tip,
    counters: {},
    countedIn: '',
    revision: 0n,
    lots: [],
    watermarks: {},
  }
  return { pk: accountKey(accountId), sk: HEAD_KEY, ...item }
}

/** HEAD as it was read or came with a failed condition, without its keys. */
export function toHead({ pk, sk, ...item }: Record<string, unknown>): Head {
  const { lots, watermarks, counters, countedIn, ...head } = item as HeadItem
  return {
    ...head,
    counters: Object.fromEntries(
      Object.entries(counters).map(([service, quantity]) => [service, { period: countedIn, quantity }]),
    ),
    lots: lots.map(unpackLot),
    watermarks: Object.fromEntries(
      Object.entries(watermarks).map(([source, text]) => [source, unpackWatermark(text)]),
    ),
  }
}

/** All counters are of one period: those of an earlier one are dropped when a later one begins. */
function packCounters(counters: Record<string, Counter>): Pick<HeadItem, 'counters' | 'countedIn'> {
  const [first, ...others] = Object.values(counters)
  if (others.some(({ period }) => period !== first?.period)) throw new Error('counters of several periods')
  const quantities = Object.entries(counters).map(([service, { quantity }]) => [service, quantity])
  return { counters: Object.fromEntries(quantities), countedIn: first?.period ?? '' }
}

/** Writes HEAD if nobody has written it since it was read, and available and held cover what leaves them. */
export function headUpdate(ledgerTable: string, head: Head, next: Head): TransactItem {
  const { counters, countedIn } = packCounters(next.counters)
  return {
    Update: {
      TableName: ledgerTable,
      Key: { pk: accountKey(head.accountId), sk: HEAD_KEY },
      // `revision` alone would do; the others hold whatever the code believes.
      ConditionExpression:
        '#revision = :read AND #status = :status AND availableMicros >= :leaving AND heldMicros >= :leavingHeld AND receivableMicros >= :paid',
      UpdateExpression:
        'SET availableMicros = :available, heldMicros = :held, receivableMicros = :receivable, #sequence = :sequence, tip = :tip, #counters = :counters, countedIn = :countedIn, #revision = :revision, lots = :lots, watermarks = :watermarks',
      ExpressionAttributeNames: {
        '#sequence': 'sequence',
        '#counters': 'counters',
        '#status': 'status',
        '#revision': 'revision',
      },
      ExpressionAttributeValues: {
        ':read': head.revision,
        ':status': head.status,
        ':leaving': lowering(head.availableMicros, next.availableMicros),
        ':leavingHeld': lowering(head.heldMicros, next.heldMicros),
        ':paid': lowering(head.receivableMicros, next.receivableMicros),
        ':available': next.availableMicros,
        ':held': next.heldMicros,
        ':receivable': next.receivableMicros,
        ':sequence': next.sequence,
        ':tip': next.tip,
        ':counters': counters,
        ':countedIn': countedIn,
        ':revision': next.revision,
        ':lots': next.lots.map(packLot),
        ':watermarks': packWatermarks(next.watermarks),
      },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    },
  }
}

function lowering(beforeMicros: bigint, afterMicros: bigint): bigint {
  return beforeMicros > afterMicros ? beforeMicros - afterMicros : 0n
}

/** The last number, with a `+` where later events wait. */
function packWatermarks(watermarks: Record<string, Watermark>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(watermarks).map(([source, { last, isWaiting }]) => [
      source,
      `${last}${isWaiting ? '+' : ''}`,
    ]),
  )
}

function unpackWatermark(text: string): Watermark {
  return { last: BigInt(text.replace('+', '')), isWaiting: text.endsWith('+') }
}
