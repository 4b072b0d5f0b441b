import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { createConsentStore } from '../consents/consent.store.ts'
import { type ConsentRecord, isGiven } from '../consents/consent.ts'
import { personKey } from '../consents/person-key.ts'
import { conditionHeld } from '../edge/dynamodb.ts'
import { queryAll } from '../edge/query-all.ts'
import { ERASED } from './erased.ts'

/** A decision as it stands in the table; a state has its place in the index until nobody is known by it. */
export type KeptConsent = ConsentRecord & { pk: string; sk: string; index1pk?: string }

/**
 * Forgets who somebody was of whom consents are known: their evidence is left without address, subject, sign-in, IP address
 * and browser, and what was given is withdrawn. That somebody, known by a hash, consented and withdrew stays. An erasure
 * does it, and the daily run.
 */
export function createConsentForgetting(options: { client: DynamoDBDocumentClient; documentsTable: string }) {
  const { client, documentsTable } = options
  const consents = createConsentStore(options)

  /**
   * How many items of the person said who it was. Throws where the person decided something meanwhile that says it again:
   * it is tried again.
   */
  async function forget(personId: string, at: string): Promise<bigint> {
    const count = await forgetThese(personId, await read(personId), at)
    if ((await read(personId)).some(saysWho)) throw new Error('a consent was decided meanwhile')
    return count
  }

  /** All that is known of the person's consents: the decisions, and the last one of each purpose once more. */
  async function read(personId: string): Promise<KeptConsent[]> {
    const items = await queryAll(client, {
      TableName: documentsTable,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': personKey(personId), ':prefix': 'CONSENT#' },
      ConsistentRead: true,
    })
    return items as KeptConsent[]
  }

  /**
   * The same of what was read and of nothing else: what the person has decided since stands. Who dies within it leaves a
   * place in the index, by which the daily run finds the person again.
   */
  async function forgetThese(personId: string, items: KeptConsent[], at: string): Promise<bigint> {
    const telling = items.filter(saysWho)
    // The places in the index stand with the states, which come last.
    const isState = ({ index1pk }: KeptConsent) => index1pk !== undefined
    for (const item of [...telling.filter((each) => !isState(each)), ...telling.filter(isState)])
      await pseudonymise(item)
    for (const item of items.filter(isState)) if (isGiven(item)) await withdraw(personId, item, at)
    return BigInt(telling.length)
  }

  async function pseudonymise({ pk, sk, number, decision }: KeptConsent): Promise<void> {
    // What is still given is found by its place until it is withdrawn.
    const place = decision === 'withdrawn' ? ', index1pk, index1sk' : ''
    await conditionHeld(
      client.send(
        new UpdateCommand({
          TableName: documentsTable,
          Key: { pk, sk },
          UpdateExpression: `SET sourceIp = :erased, userAgent = :erased REMOVE email, subject, signIn${place}`,
          ConditionExpression: '#number = :number',
          ExpressionAttributeNames: { '#number': 'number' },
          ExpressionAttributeValues: { ':erased': ERASED, ':number': number },
        }),
      ),
    )
  }

  async function withdraw(personId: string, record: ConsentRecord, at: string): Promise<void> {
    const { number, purpose, wording, wordingVersion, wordingSha256 } = record
    const shown = { purpose, wording, wordingVersion, wordingSha256 }
    const nobody = { sourceIp: ERASED, userAgent: ERASED, pressed: 'Erasure', channel: 'erasure' as const }
    const decided = await consents.decide(
      personId,
      { ...shown, ...nobody, decision: 'withdrawn', at },
      number,
    )
    if (!decided.ok && decided.reason === 'busy')
      throw new Error('a consent could not be withdrawn: it is tried again')
  }

  return { forget, read, forgetThese }
}

function saysWho({ email, subject, signIn, sourceIp, userAgent }: Partial<ConsentRecord>): boolean {
  if ([email, subject, signIn].some((said) => said !== undefined)) return true
  return sourceIp !== ERASED || userAgent !== ERASED
}
