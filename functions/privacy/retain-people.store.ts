import { DeleteCommand, type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { createAccountStore } from '../accounts/account.store.ts'
import { createAnnouncementStore } from '../announcements/announcement.store.ts'
import { type Announcement, isOverSince } from '../announcements/announcement.ts'
import { createSignUpStore } from '../announcements/sign-up.store.ts'
import { conditionHeld } from '../edge/dynamodb.ts'
import { inParallel } from '../edge/in-parallel.ts'
import { daysLater } from '../edge/instant.ts'
import { log } from '../edge/log.ts'
import { createConsentForgetting } from './forget-consents.store.ts'
import { type KeptKind, keptKey } from './kept-since.ts'
import type { RetentionDays } from './retention.ts'

/** Days of each kind, by the name that they have in the table. */
const PERIODS = {
  PERSON_NOTICE: 'notices',
  ANNOUNCEMENT_MAIL: 'notices',
  ANNOUNCEMENT_SEEN: 'announcements',
  TAKES_PART: 'announcements',
  EMAIL_STATUS: 'undeliverable',
  CONSENT: 'evidence',
} as const satisfies Record<KeptKind, keyof RetentionDays>

const PAGE_ITEMS = 100
const AT_ONCE = 5

type Item = Record<string, unknown>
/** What is looked at once for all items of a page. */
type Page = { before: string; at: string; announcementOf: (id: string) => Promise<Announcement | undefined> }

/**
 * Ends what hangs on people and on no account, kind by kind: what is older than its days is found by its place in the index,
 * whoever it is of. What has to stay for now (its person is a member, what was announced is not over) is looked at again
 * the next day. Each deletion is on the condition that the item is as it was found.
 */
export function createPeopleRetention(options: {
  client: DynamoDBDocumentClient
  documentsTable: string
  days: RetentionDays
  pageItems?: number
}) {
  const { client, documentsTable, days, pageItems = PAGE_ITEMS } = options
  const accounts = createAccountStore(options)
  const announcements = createAnnouncementStore(options)
  const signUps = createSignUpStore(options)
  const consentForgetting = createConsentForgetting(options)

  const ends: Record<KeptKind, (item: Item, page: Page) => Promise<bigint>> = {
    PERSON_NOTICE: remove,
    ANNOUNCEMENT_MAIL: remove,
    ANNOUNCEMENT_SEEN: endSeen,
    TAKES_PART: endSignUp,
    EMAIL_STATUS: endEmailStatus,
    CONSENT: endConsents,
  }

  /** Looks at the next of a kind, behind a place; how many things went, and the place to go on from. */
  async function endPage(
    kind: KeptKind,
    after: string | undefined,
    now: Date,
  ): Promise<{ erased: bigint; seen: number; next?: string }> {
    const at = now.toISOString()
    const before = daysLater(at, -days[PERIODS[kind]])
    const { Items = [], LastEvaluatedKey } = await client.send(
      new QueryCommand({
        TableName: documentsTable,
        IndexName: 'index1',
        KeyConditionExpression: 'index1pk = :kind AND index1sk BETWEEN :after AND :before',
        // Just behind the last one; a place begins with its instant.
        ExpressionAttributeValues: {
          ':kind': keptKey(kind),
          ':after': after === undefined ? ' ' : `${after} `,
          ':before': before,
        },
        Limit: pageItems,
      }),
    )
    const page = { before, at, announcementOf: readOnce() }
    // Two of a person's consents end together, by the first of them.
    const ended = await inParallel(Items, kind === 'CONSENT' ? 1 : AT_ONCE, (item) => tryOn(kind, item, page))
    const last = Items.at(-1)
    return {
      erased: ended.reduce((sum, count) => sum + count, 0n),
      seen: Items.length,
      next: LastEvaluatedKey && last ? String(last.index1sk) : undefined,
    }
  }

  /** What fails holds up nothing else; its turn comes again the next day. */
  async function tryOn(kind: KeptKind, item: Item, page: Page): Promise<bigint> {
    try {
      return await ends[kind](item, page)
    } catch (error) {
      log.error('retention failed on what hangs on a person', { kind, error: error as Error })
      return 0n
    }
  }

  async function endSeen(item: Item, { before, announcementOf }: Page): Promise<bigint> {
    const announcement = await announcementOf(String(item.announcementId))
    return announcement && isOverSince(announcement, before) ? remove(item) : 0n
  }

  async function endSignUp(item: Item, { before, announcementOf }: Page): Promise<bigint> {
    const announcement = await announcementOf(String(item.announcementId))
    if (!announcement || !isOverSince(announcement, before)) return 0n
    return (await signUps.forget(announcement, personOf(item))) ? 1n : 0n
  }

  /** Who is a member still is not written to again against their will. */
  async function endEmailStatus(item: Item, { before }: Page): Promise<bigint> {
    return (await accounts.wasMemberSince(personOf(item), before)) ? 0n : remove(item)
  }

  /** With the last of a person's decisions, and of their memberships: those that were looked at, and none that came since. */
  async function endConsents(item: Item, { before, at }: Page): Promise<bigint> {
    const personId = personOf(item)
    const items = await consentForgetting.read(personId)
    // What a run withdrew that died before it was through is no decision of the person's.
    if (items.some(({ at, channel }) => channel !== 'erasure' && at >= before)) return 0n
    if (await accounts.wasMemberSince(personId, before)) return 0n
    return consentForgetting.forgetThese(personId, items, at)
  }

  /** Unless something has happened to it since. */
  async function remove({ pk, sk, index1sk }: Item): Promise<bigint> {
    const isGone = await conditionHeld(
      client.send(
        new DeleteCommand({
          TableName: documentsTable,
          Key: { pk, sk },
          ConditionExpression: 'index1sk = :found',
          ExpressionAttributeValues: { ':found': index1sk },
        }),
      ),
    )
    return isGone ? 1n : 0n
  }

  function readOnce(): Page['announcementOf'] {
    const found = new Map<string, Promise<Announcement | undefined>>()
    return (announcementId) => {
      const known = found.get(announcementId) ?? announcements.read(announcementId)
      found.set(announcementId, known)
      return known
    }
  }

  return { endPage }
}

/** Of an item in the partition `PERSON#<person>`. */
const personOf = ({ pk }: Item) => String(pk).split('#')[1]!
