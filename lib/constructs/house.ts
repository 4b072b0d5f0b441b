import type { Bus } from './bus.ts'
import type { DocumentsTable } from './documents-table.ts'
import type { FilesBucket } from './files-bucket.ts'
import type { Foundation } from './foundation.ts'
import type { HttpApi } from './http-api.ts'
import type { Identity } from './identity.ts'
import type { LedgerTable } from './ledger-table.ts'
import type { PaymentsTable } from './payments-table.ts'
import type { UsageTable } from './usage-table.ts'
import type { WaitingTable } from './waiting-table.ts'

/** What must survive; made by the data stack. */
export interface Records {
  readonly ledger: LedgerTable
  readonly usage: UsageTable
  readonly waiting: WaitingTable
  readonly documents: DocumentsTable
  readonly payments: PaymentsTable
  readonly files: FilesBucket
  readonly identity: Identity
}

/** What a capability is handed: everything it may hang its functions on. */
export interface House extends Foundation, Records {
  readonly api: HttpApi
  readonly bus: Bus
}
