import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { createAccountStore } from '../accounts/account.store.ts'
import { createSignUpStore } from '../announcements/sign-up.store.ts'
import { personIdOf, personIdOfHash, personKey } from '../consents/person-key.ts'
import { deleteEach } from '../edge/delete-each.ts'
import { queryAll } from '../edge/query-all.ts'
import type { ErasureStep } from './erasure-step.ts'
import { createConsentForgetting } from './forget-consents.store.ts'

/** The steps that erase what hangs on a person and on no account: it goes with all accounts alone, and once. */
export function createPersonErasure(options: { client: DynamoDBDocumentClient; documentsTable: string }) {
  const { client, documentsTable } = options
  const accounts = createAccountStore(options)
  const consentForgetting = createConsentForgetting(options)
  const signUps = createSignUpStore(options)

  /**
   * What the person wanted to be written to about: withdrawn, and its evidence left without address, subject, sign-in, IP
   * address and browser.
   */
  const consents = withAllAccounts('consents', consentForgetting.forget)

  /** What was sent to the person and hangs on no account, such as news of terms. */
  const notices = withAllAccounts('notices', (personId) => deleteOfPerson(personId, 'NOTICE#'))

  /** What the person did with announcements: the places are free, and what was read is known of nobody. */
  const announcements = withAllAccounts('announcements', async (personId) => {
    const taken = await signUps.listOf(personId)
    for (const announcementId of taken) await takeBack(announcementId, personId)
    return BigInt(taken.length) + (await deleteOfPerson(personId, 'ANNOUNCEMENT#'))
  })

  /**
   * A sign-up that was under way while the person was erased: they are no member of the account by which they came. Who is
   * one again means it.
   */
  const lateSignUps: ErasureStep = {
    name: 'announcements',
    async run({ request: { subject } }) {
      if (subject.type === 'account' || subject.scope === 'this_account') return {}
      const personId = personIdOfHash(subject.emailHash)
      let count = 0n
      for (const announcementId of await signUps.listOf(personId)) {
        const signUp = await signUps.read(announcementId, personId)
        if (!signUp || (await accounts.readMember(signUp.accountId, signUp.email))) continue
        await takeBack(announcementId, personId)
        count += 1n
      }
      return { count }
    },
  }

  async function takeBack(announcementId: string, personId: string): Promise<void> {
    const removed = await signUps.remove(announcementId, personId)
    if (!removed.ok) throw new Error('a sign-up could not be taken back: it is tried again')
  }

  async function deleteOfPerson(personId: string, prefix: string): Promise<bigint> {
    const items = await queryAll(client, {
      TableName: documentsTable,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': personKey(personId), ':prefix': prefix },
      ConsistentRead: true,
    })
    return deleteEach(client, documentsTable, items)
  }

  return { consents, notices, announcements, lateSignUps }
}

function withAllAccounts(
  name: string,
  erase: (personId: string, at: string) => Promise<bigint>,
): ErasureStep {
  return {
    name,
    async run({ request: { subject }, at }) {
      if (subject.type === 'account' || subject.scope === 'this_account' || subject.email === undefined)
        return {}
      return { count: await erase(personIdOf(subject.email), at) }
    },
  }
}
