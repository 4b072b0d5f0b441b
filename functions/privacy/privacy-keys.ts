/** Beside the account's other documents. */
export const REQUEST_PREFIX = 'PRIVACY#'
export const requestKey = (requestId: string) => `${REQUEST_PREFIX}${requestId}`
/** That a request of this kind about this subject is open: there is one at a time. */
export const openKey = (kind: string, subject: string) => `PRIVACY_OPEN#${kind}#${subject}`
/** What happened with a request, never changed: received, extended, fetched, done. */
export const recordKey = (requestId: string, at: string, what: string) =>
  `PRIVACY_RECORD#${requestId}#${at}#${what}`
/** How far an account's usage has been erased, because its time was over. */
export const RETENTION = 'RETENTION'

/** The index of all requests: those that are not at their end by deadline, the others by the instant of their end. */
export const OPEN_REQUESTS = 'PRIVACY_REQUESTS#open'
export const DONE_REQUESTS = 'PRIVACY_REQUESTS#done'

/** Retention's own run of a day. */
export const RETENTION_RUNS = 'RETENTION'
export const retentionRunKey = (day: string) => `DAY#${day}`
