import type { PaymentDocument, PaymentDocuments } from './payment-documents.ts'
import { require, units } from './require.ts'

type AutomaticTopUp = {
  topUpId: string
  capMonth: string
  amountMicros: bigint
  status: string
  origin: string
}

const isOpen = ({ status }: AutomaticTopUp) => status === 'created' || status === 'processing'
const isGivenUp = ({ status }: AutomaticTopUp) => status === 'failed' || status === 'expired'

/** One account's automatic top-ups: one at a time, and never above the cap of a month. */
export class AutomaticBooks {
  private readonly where: string
  private readonly list: () => AutomaticTopUp[]
  private readonly settings: () => PaymentDocument | undefined
  /** Those that were given up once: what still comes of them was not to be foreseen. */
  private readonly givenUp = new Set<string>()
  private readonly begun = new Set<string>()

  constructor(where: string, accountId: string, documents: PaymentDocuments) {
    this.where = where
    this.settings = () => documents.read(accountId, 'AUTO_TOP_UP')
    this.list = () =>
      (documents.list(accountId, 'TOP_UP#') as unknown as AutomaticTopUp[]).filter(
        ({ origin }) => origin === 'automatic',
      )
  }

  /** To be called after every write of documents. */
  check(): void {
    const all = this.list()
    if (all.length === 0) return
    const settings = this.settings() as unknown as {
      monthlyCapMicros: bigint
      consent?: { at: string }
      lastFailure?: { topUpId: string; reason: string }
    }
    require(settings?.consent !== undefined, () => `${this.where}: nobody has agreed to automatic top-ups`)
    if (settings.lastFailure) this.givenUp.add(settings.lastFailure.topUpId)
    for (const topUp of all.filter(isGivenUp)) this.givenUp.add(topUp.topUpId)
    const known = all.filter(({ topUpId }) => !this.givenUp.has(topUpId))
    const open = known.filter(isOpen)
    require(open.length <= 1, () => `${this.where}: ${open.length} automatic top-ups are under way at once`)
    // A cap may be lowered below what was charged already: it holds for what begins now.
    const [begun] = open.filter(({ status }) => status === 'created')
    if (begun) this.checkCap(begun, known, settings.monthlyCapMicros)
  }

  private checkCap({ capMonth, topUpId }: AutomaticTopUp, known: AutomaticTopUp[], capMicros: bigint): void {
    if (this.begun.has(topUpId)) return
    this.begun.add(topUpId)
    const sum = known
      .filter((topUp) => topUp.capMonth === capMonth)
      .reduce((total, { amountMicros }) => total + amountMicros, 0n)
    require(sum <= capMicros, () =>
      `${this.where}: ${units(sum)} are charged automatically in ${capMonth}, above ${units(capMicros)}`)
  }
}
