import { type DynamoDBDocumentClient, GetCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { ALL_ACCOUNTS } from '../accounts/account-keys.ts'
import { conditionHeld } from '../edge/dynamodb.ts'
import { queryAll } from '../edge/query-all.ts'
import { readNewest } from '../edge/read-newest.ts'
import { withoutKeys } from '../edge/whole-document.ts'
import { announcementPk, MAILINGS, mailingKey, SIGN_UP_PREFIX, TO_CONFIRM } from './announcement-keys.ts'
import { isOver, type Mailing } from './mailing.ts'
import type { SignUp } from './sign-up.ts'

/** What one step of a mailing goes through, and where it has come to behind it; no position is the end. */
export type Page<Item> = { items: Item[]; position?: string }

/** How far e-mails have come, and who is next. */
export function createMailingStore(options: {
  client: DynamoDBDocumentClient
  documentsTable: string
  pageSize: number
}) {
  const { client, documentsTable, pageSize } = options
  const keyOf = ({ announcementId, name }: Pick<Mailing, 'announcementId' | 'name'>) => ({
    pk: announcementPk(announcementId),
    sk: mailingKey(name),
  })

  /** All that are due by an instant and not over. One of a moment ago may still be missing. */
  async function listDue(upTo: string): Promise<Mailing[]> {
    const items = await queryAll(client, {
      TableName: documentsTable,
      IndexName: 'index1',
      KeyConditionExpression: 'index1pk = :pk AND index1sk < :upTo',
      // `~` sorts behind whatever follows the instant.
      ExpressionAttributeValues: { ':pk': MAILINGS, ':upTo': `${upTo}~` },
    })
    return items.map((item) => withoutKeys(item) as Mailing)
  }

  /** All sign-ups that nobody has confirmed by an e-mail yet. */
  async function listToConfirm(): Promise<SignUp[]> {
    const items = await queryAll(client, {
      TableName: documentsTable,
      IndexName: 'index1',
      KeyConditionExpression: 'index1pk = :pk',
      ExpressionAttributeValues: { ':pk': TO_CONFIRM },
    })
    return items.map((item) => withoutKeys(item) as SignUp)
  }

  /** A mailing as it is now. */
  async function read(announcementId: string, name: string): Promise<Mailing | undefined> {
    const Key = keyOf({ announcementId, name })
    const { Item } = await client.send(
      new GetCommand({ TableName: documentsTable, Key, ConsistentRead: true }),
    )
    return Item && (withoutKeys(Item) as Mailing)
  }

  /** A page of all accounts, newest first: whoever comes while it goes on is not told. */
  async function nextAccounts({ position }: Mailing): Promise<Page<string>> {
    const page = { limit: pageSize, after: position || undefined }
    const items = await readNewest(client, documentsTable, ALL_ACCOUNTS, page)
    return {
      items: items.map(({ accountId }) => accountId as string),
      position: items.length < pageSize ? undefined : (items.at(-1)!.index1sk as string),
    }
  }

  /** A page of those who have signed up, by their person. */
  async function nextSignUps({ announcementId, position }: Mailing): Promise<Page<SignUp>> {
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: documentsTable,
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
        ExpressionAttributeValues: {
          ':pk': announcementPk(announcementId),
          // A blank sorts before every further character: behind this person, before the next.
          ':from': `${SIGN_UP_PREFIX}${position} `,
          ':to': `${SIGN_UP_PREFIX}~`,
        },
        ConsistentRead: true,
        Limit: pageSize,
      }),
    )
    const items = Items.map((item) => withoutKeys(item) as SignUp)
    return { items, position: items.length < pageSize ? undefined : items.at(-1)!.personId }
  }

  /** Notes that its e-mails begin to go out; false when it was changed or stopped since it was read. */
  async function begin(mailing: Mailing, at: string): Promise<boolean> {
    return update(mailing, {
      UpdateExpression: 'SET startedAt = if_not_exists(startedAt, :at), movedAt = :at',
      ConditionExpression: 'dueAt = :dueAt AND attribute_not_exists(stoppedAt)',
      ExpressionAttributeValues: { ':at': at, ':dueAt': mailing.dueAt },
    })
  }

  /** Moves it on, only from where it was; without a position, to its end. False when another has moved or stopped it. */
  async function moveOn(mailing: Mailing, position: string | undefined, at: string): Promise<boolean> {
    const isEnd = position === undefined
    return update(mailing, {
      UpdateExpression: isEnd
        ? 'SET movedAt = :at, finishedAt = :at REMOVE index1pk, index1sk'
        : 'SET movedAt = :at, #position = :to',
      ConditionExpression:
        '#position = :from AND attribute_not_exists(stoppedAt) AND attribute_not_exists(finishedAt)',
      ExpressionAttributeNames: { '#position': 'position' },
      ExpressionAttributeValues: {
        ':at': at,
        ':from': mailing.position,
        ...(!isEnd && { ':to': position }),
      },
    })
  }

  async function update(
    mailing: Mailing,
    change: Omit<ConstructorParameters<typeof UpdateCommand>[0], 'TableName' | 'Key'>,
  ): Promise<boolean> {
    if (isOver(mailing)) return false
    const update = new UpdateCommand({ TableName: documentsTable, Key: keyOf(mailing), ...change })
    return conditionHeld(client.send(update))
  }

  return { listDue, listToConfirm, read, nextAccounts, nextSignUps, begin, moveOn }
}
