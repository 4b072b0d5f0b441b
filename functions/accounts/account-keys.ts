/** Everything that the documents table keeps of an account stands under this one partition key. */
export const accountKey = (accountId: string) => `ACCOUNT#${accountId}`
export const PROFILE = 'PROFILE'
export const memberKey = (email: string) => `MEMBER#${email}`

/** That a person, known by the hash of the address, was a member once: evidence of theirs may still stand there. */
export const formerMemberKey = (personId: string) => `FORMER_MEMBER#${personId}`

/** Partitions of the index: a person's memberships, by the hash of the address, and all accounts. */
export const membershipsKey = (personId: string) => `MEMBER#${personId}`
export const ALL_ACCOUNTS = 'ACCOUNTS'
