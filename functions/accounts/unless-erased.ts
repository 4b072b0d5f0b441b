import type { WriteItem } from '../edge/write-together.ts'
import { openKey } from '../privacy/privacy-keys.ts'
import { accountKey, PROFILE } from './account-keys.ts'

/** Conditions that hold while an account was not erased and nobody has asked for that: what comes to life again has no people and no name. */
export function unlessErased(documentsTable: string, accountId: string): WriteItem[] {
  const pk = accountKey(accountId)
  const notThere = (sk: string, attribute: string): WriteItem => ({
    ConditionCheck: {
      TableName: documentsTable,
      Key: { pk, sk },
      ConditionExpression: `attribute_not_exists(${attribute})`,
    },
  })
  return [notThere(PROFILE, 'erasedAt'), notThere(openKey('erasure', 'account'), 'pk')]
}
