export const TABLES = ['ledger', 'usage', 'waiting', 'documents', 'payments'] as const
export type TableName = (typeof TABLES)[number]

/**
 * A kind of item that a table holds, known by its keys. `file` is what an export calls it; what is not exported says why.
 * `of` is what an item is about: an account (its partition names it), or nobody's in particular.
 */
export type ItemType = {
  name: string
  table: TableName
  pk: RegExp
  sk: RegExp
} & ({ file: string } | { notExported: string })

const ACCOUNT = /^ACCOUNT#/
const of =
  (table: TableName, pk: RegExp) =>
  (name: string, sk: RegExp, more: { file: string } | { notExported: string }): ItemType => ({
    ...{ name, table, pk, sk },
    ...more,
  })
const ledger = of('ledger', ACCOUNT)
const documents = of('documents', ACCOUNT)
const payments = of('payments', ACCOUNT)
const waiting = of('waiting', ACCOUNT)
const CATALOGUE = { notExported: 'the operator’s own: it says nothing of a client or a person' }
const BOOKKEEPING = {
  notExported: 'tells machines where to go on; all that it says stands elsewhere in the export',
}

/** Every kind of item that there is. A test fails where a table holds one that is not here. */
export const ITEM_TYPES: readonly ItemType[] = [
  ledger('HEAD', /^HEAD$/, { file: 'balance' }),
  ledger('ENTRY', /^ENTRY#/, { file: 'transactions' }),
  ledger('KEY', /^KEY#/, BOOKKEEPING),
  ledger('UNDONE', /^UNDONE#/, { file: 'given-back' }),
  ledger('STATUS', /^STATUS#/, { file: 'status-changes' }),
  ledger('GAP', /^GAP#/, { file: 'usage-gaps' }),

  of('usage', /^EVENT#/)('EVENT', /^EVENT$/, { file: 'usage' }),
  of('usage', /^NUMBERED#/)('NUMBERED', /./, BOOKKEEPING),
  of('usage', /^SOURCES#/)('SOURCES', /./, { file: 'usage-sources' }),

  waiting('LOT', /^LOT#/, { file: 'lots' }),
  waiting('EVENTS', /^EVENTS#/, { file: 'usage-that-waits' }),

  documents('PROFILE', /^PROFILE$/, { file: 'account' }),
  documents('MEMBER', /^MEMBER#/, { file: 'members' }),
  documents('FORMER_MEMBER', /^FORMER_MEMBER#/, { file: 'former-members' }),
  documents('ACCEPTANCE', /^ACCEPTANCE#/, { file: 'terms-answers' }),
  documents('NOTICE', /^NOTICE#/, { file: 'notices' }),
  documents('PRICE_CHANGE', /^PRICE_CHANGE#/, { file: 'price-changes' }),
  documents('ALERT', /^ALERT#/, { file: 'alerts' }),
  documents('HOLD', /^HOLD#/, { file: 'sessions' }),
  documents('PLAN', /^PLAN$/, { file: 'plan' }),
  documents('PERIOD', /^PERIOD#/, { file: 'plan-months' }),
  documents('WARNING', /^WARNING#/, { file: 'plan-warnings' }),
  documents('RING_FENCE', /^RING_FENCE$/, { file: 'ring-fence' }),
  documents('PACE', /^PACE$/, { file: 'pace' }),
  documents('DUE', /^DUE#/, BOOKKEEPING),
  documents('EXPIRY', /^EXPIRY#/, BOOKKEEPING),
  documents('PROOF', /^PROOF$/, BOOKKEEPING),
  documents('PRIVACY', /^PRIVACY#/, { file: 'privacy-requests' }),
  documents('PRIVACY_RECORD', /^PRIVACY_RECORD#/, { file: 'privacy-records' }),
  documents('PRIVACY_OPEN', /^PRIVACY_OPEN#/, BOOKKEEPING),
  documents('RETENTION', /^RETENTION$/, BOOKKEEPING),

  of('documents', /^PERSON#/)('CONSENT', /^CONSENT#/, { file: 'consents' }),
  of('documents', /^PERSON#/)('EMAIL_STATUS', /^EMAIL_STATUS$/, { file: 'email-status' }),
  of('documents', /^PERSON#/)('PERSON_NOTICE', /^NOTICE#/, { file: 'notices' }),
  of('documents', /^PERSON#/)('ANNOUNCEMENT_SEEN', /^ANNOUNCEMENT#/, { file: 'announcements' }),
  of('documents', /^PERSON#/)('TAKES_PART', /^SIGN_UP#/, { file: 'sign-ups' }),
  of('documents', /^ANNOUNCEMENT#/)('SIGN_UP', /^SIGN_UP#/, BOOKKEEPING),
  of('documents', /^ANNOUNCEMENT#/)('ANNOUNCEMENT_MAIL', /^MAIL#/, BOOKKEEPING),
  of('documents', /^ANNOUNCEMENT#/)('ANNOUNCEMENT', /./, CATALOGUE),

  of('documents', /^(PRICE|PLAN|RATE_DECK)#/)('CATALOGUE', /./, CATALOGUE),
  of('documents', /^TERMS#/)('TERMS', /./, CATALOGUE),
  of('documents', /^RUN#/)('RUN', /./, BOOKKEEPING),
  of('documents', /^RETENTION$/)('RETENTION_RUN', /^DAY#/, BOOKKEEPING),

  payments('TOP_UP', /^TOP_UP#/, { file: 'top-ups' }),
  payments('REFUND', /^REFUND#/, { file: 'refunds' }),
  payments('DISPUTE', /^DISPUTE#/, { file: 'disputes' }),
  payments('CARDS', /^CARDS$/, { file: 'cards' }),
  payments('AUTO_TOP_UP', /^AUTO_TOP_UP$/, { file: 'automatic-top-up' }),
  payments('RESOLUTION', /^RESOLUTION#/, { file: 'payment-exceptions' }),
  of('payments', /^CARD#/)('CARD', /^OWNER$/, BOOKKEEPING),
  of('payments', /^RECONCILING$/)('RECONCILING', /./, BOOKKEEPING),
]

/** What kind of item it is; undefined for one that nobody has entered above. */
export function typeOfItem(table: TableName, item: Record<string, unknown>): ItemType | undefined {
  return ITEM_TYPES.find(
    (type) => type.table === table && type.pk.test(String(item.pk)) && type.sk.test(String(item.sk)),
  )
}
