/** All tables: what is held on an account or a person is looked for in each of them. */
export type PrivacyTables = {
  ledgerTable: string
  usageTable: string
  waitingTable: string
  documentsTable: string
  paymentsTable: string
}
