import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { accountKey } from '../accounts/account-keys.ts'
import { personIdOf, personKey } from '../consents/person-key.ts'
import { inParallel } from '../edge/in-parallel.ts'
import { queryAll } from '../edge/query-all.ts'
import { subjectsIn } from './is-about.ts'
import type { Subject } from './privacy-request.ts'

const AT_ONCE = 10

/**
 * A request's subject with every subject of tokens under which the person is known, in all accounts that it goes through:
 * whoever looks into the first of them knows already what the last one says. What hangs on the person tells only who asks
 * for everywhere.
 */
export async function findSubjects(
  options: { client: DynamoDBDocumentClient; documentsTable: string },
  subject: Subject,
  accountIds: readonly string[],
): Promise<Subject> {
  if (subject.type === 'account' || subject.email === undefined) return subject
  const { email, scope } = subject
  const evidence = accountIds.map((accountId) => ({ pk: accountKey(accountId), prefix: 'ACCEPTANCE#' }))
  const consents = scope === 'all_accounts' ? [{ pk: personKey(personIdOf(email)), prefix: 'CONSENT#' }] : []
  const pages = await inParallel([...evidence, ...consents], AT_ONCE, ({ pk, prefix }) =>
    queryAll(options.client, {
      TableName: options.documentsTable,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': pk, ':prefix': prefix },
      ConsistentRead: true,
    }),
  )
  const found = pages.flat().flatMap((item) => subjectsIn(item, email))
  return { ...subject, subjects: [...new Set([...subject.subjects, ...found])] }
}
