import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { personIdOf, personKey } from '../consents/person-key.ts'
import { conditionHeld } from '../edge/dynamodb.ts'
import { getAll } from '../edge/get-all.ts'
import { keptSince } from '../privacy/kept-since.ts'
import type { AddressNote, EmailStatus } from './address-status.ts'

const keyOf = (address: string) => ({ pk: personKey(personIdOf(address)), sk: 'EMAIL_STATUS' })
/** By which the daily run finds it. */
const PLACE = 'index1pk = :kept, index1sk = :since'

function placeOf(address: string, at: string) {
  const { index1pk, index1sk } = keptSince('EMAIL_STATUS', at, personIdOf(address))
  return { ':kept': index1pk, ':since': index1sk }
}

/** Which addresses are not written to any more: one item for each, under the hash of the address. */
export function createAddressStatusStore(options: {
  client: DynamoDBDocumentClient
  documentsTable: string
}) {
  const { client, documentsTable } = options

  /** Of these addresses those that are not to be written to, as of now. */
  async function read(addresses: readonly string[]): Promise<Map<string, EmailStatus>> {
    const byKey = new Map(addresses.map((address) => [keyOf(address).pk, address]))
    const items = await getAll(client, documentsTable, [...byKey.values()].map(keyOf))
    return new Map(
      items.flatMap(({ pk, state, at }) =>
        state === undefined ? [] : [[byKey.get(pk as string)!, { state, at } as EmailStatus]],
      ),
    )
  }

  /** Notes that an address is not to be written to; of mail that was sent before it was cleared, nothing is noted. True when it stands. */
  async function note({ address, status, sentAt }: AddressNote): Promise<boolean> {
    return update(address, {
      UpdateExpression: `SET #state = :state, #at = :at, ${PLACE}`,
      ConditionExpression: 'attribute_not_exists(clearedAt) OR clearedAt < :sentAt',
      ExpressionAttributeNames: { '#state': 'state', '#at': 'at' },
      ExpressionAttributeValues: {
        ...{ ':state': status.state, ':at': status.at, ':sentAt': sentAt },
        ...placeOf(address, status.at),
      },
    })
  }

  /** The address is written to again, whatever mail that was sent before now comes back. */
  async function clear(address: string, at: string): Promise<void> {
    await update(address, {
      UpdateExpression: `SET clearedAt = :at, ${PLACE} REMOVE #state, #at`,
      ExpressionAttributeNames: { '#state': 'state', '#at': 'at' },
      ExpressionAttributeValues: { ':at': at, ...placeOf(address, at) },
    })
  }

  async function update(
    address: string,
    change: Omit<ConstructorParameters<typeof UpdateCommand>[0], 'TableName' | 'Key'>,
  ): Promise<boolean> {
    const update = new UpdateCommand({ TableName: documentsTable, Key: keyOf(address), ...change })
    return conditionHeld(client.send(update))
  }

  return { read, note, clear }
}
