import type { AccountPosition } from '../accounts/account.ts'

/** An account whose lines did not all fit into a page: it goes on after one of them, up to what HEAD counted then. */
export type AccountPart = AccountPosition & {
  currency: string
  sequence: bigint
  upTo: bigint
  /** What the account's lines have come to so far, over both sides. */
  differenceMicros: bigint
}

export type TrialPosition = { after?: AccountPosition; part?: AccountPart }
export type TrialPage = {
  accountCount: number
  /** Sums by currency, then by account: the clients' two and each contra account. */
  sums: Map<string, Record<string, bigint>>
  unbalanced: { accountId: string; currency: string; differenceMicros: bigint }[]
  next?: TrialPosition
}
