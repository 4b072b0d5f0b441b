/** Everything that the documents table keeps of an account stands under this one partition key. */
export const accountKey = (accountId: string) => `ACCOUNT#${accountId}`
export const PROFILE = 'PROFILE'
export const memberKey = (email: string) => `MEMBER#${email}`

/** Partitions of the index: a person's memberships, and all accounts. */
export const personKey = (email: string) => `PERSON#${email}`
export const ALL_ACCOUNTS = 'ACCOUNTS'
