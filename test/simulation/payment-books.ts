import type { Entry } from '../../functions/ledger/entry.ts'
import { AutomaticBooks } from './automatic-books.ts'
import { type AccountBooks, type NewEntry, sumOf } from './books.ts'
import type { PaymentDocument, PaymentDocuments } from './payment-documents.ts'
import { PAYMENT_KINDS } from './payment-kinds.ts'
import type { PaymentProvider } from './provider/provider.ts'
import { require, units } from './require.ts'

const MICROS_PER_CENT = 10_000n

/** One account's payments: what its entries, its documents and the provider say of them has to be the same. */
export class PaymentBooks {
  /** What was paid, and neither refunded nor disputed, as the entries say it. */
  paidMicros = 0n
  readonly automatic: AutomaticBooks
  private readonly books: AccountBooks
  private readonly documents: PaymentDocuments
  private readonly provider: PaymentProvider
  /** By the number of its entry: which payment it is, and what of it is not taken back. */
  private readonly paid = new Map<bigint, { intentId: string; leftMicros: bigint }>()
  /** By the number of its entry: what was taken back of which payment, and did not come again. */
  private readonly taken = new Map<bigint, { payment: bigint; amountMicros: bigint }>()
  private readonly credited = new Set<string>()

  constructor(books: AccountBooks, documents: PaymentDocuments, provider: PaymentProvider) {
    this.books = books
    this.documents = documents
    this.provider = provider
    this.automatic = new AutomaticBooks(books.name, books.accountId, documents)
  }

  /** Takes an entry of any kind: only those of payments may move what was paid or what is owed. */
  take({ entry, owedBeforeMicros }: NewEntry): void {
    const where = `${this.books.name} #${entry.sequence}`
    const paidMicros = -sumOf(entry, 'cash:stripe')
    const owedMicros = -sumOf(entry, 'receivable:payments')
    this.paidMicros += paidMicros
    if (!PAYMENT_KINDS.includes(entry.kind)) {
      require(paidMicros === 0n && owedMicros === 0n, () => `${where}: a ${entry.kind} moves what was paid`)
      return
    }
    const comes =
      entry.kind === 'top_up' || entry.kind === 'top_up_refund_failed' || entry.kind === 'dispute_won'
    require(comes ? paidMicros > 0n : paidMicros < 0n, () =>
      `${where}: a ${entry.kind} of ${units(paidMicros)}`)
    const expected = comes
      ? -smaller(paidMicros, owedBeforeMicros)
      : -paidMicros - smaller(-paidMicros, entry.availableBeforeMicros)
    require(owedMicros === expected, () =>
      `${where}: changes what is owed by ${units(owedMicros)}, it should by ${units(expected)}`)
    if (entry.kind === 'top_up') this.takeTopUp(where, entry, paidMicros)
    else this.takeUndoing(where, entry, paidMicros)
  }

  private takeTopUp(where: string, entry: Entry, paidMicros: bigint): void {
    const { topUpId, paymentId } = JSON.parse(entry.detail) as { topUpId: string; paymentId?: string }
    require(!this.credited.has(topUpId), () => `${where}: ${topUpId} was credited before`)
    this.credited.add(topUpId)
    const paid = this.provider.intents.filter(
      ({ status, metadata }) => status === 'succeeded' && metadata.topUpId === topUpId,
    )
    const payment = paid.find(({ id }) => paymentId === undefined || id === paymentId)
    require(payment !== undefined, () => `${where}: nobody has paid for ${topUpId}`)
    require(BigInt(payment.cents) * MICROS_PER_CENT === paidMicros, () =>
      `${where}: ${payment.cents} cents were paid, ${units(paidMicros)} are credited`)
    this.paid.set(entry.sequence, { intentId: payment.id, leftMicros: paidMicros })
  }

  /** A payment is taken back; or all that was taken at once comes again, once. */
  private takeUndoing(where: string, entry: Entry, paidMicros: bigint): void {
    const { sequence, reverses = 0n } = entry
    const taking = this.taken.get(reverses)
    const payment = this.paid.get(paidMicros < 0n ? reverses : (taking?.payment ?? 0n))
    require(payment !== undefined, () => `${where}: there is nothing of #${reverses} to undo`)
    // While two take back the same at once, less than nothing may be left: one of them will fail.
    payment.leftMicros += paidMicros
    if (paidMicros < 0n) this.taken.set(sequence, { payment: reverses, amountMicros: -paidMicros })
    else
      require(taking?.amountMicros === paidMicros && this.taken.delete(reverses), () =>
        `${where}: ${units(paidMicros)} come again of #${reverses}`)
  }

  /** At any time: the sum of the documents is the sum of the entries. */
  check(): void {
    const { documents, books } = this
    const sum = (prefix: string, statuses: string[]) =>
      documents
        .list(books.accountId, prefix)
        .filter(({ status = '' }) => statuses.includes(status))
        .reduce((total, { amountMicros }) => total + (amountMicros as bigint), 0n)
    const topUps = sum('TOP_UP#', ['settled'])
    const refunds = sum('REFUND#', ['asked', 'succeeded'])
    const disputes = sum('DISPUTE#', ['open', 'lost'])
    require(topUps - refunds - disputes === this.paidMicros, () =>
      `${books.name}: ${units(topUps)} settled, ${units(refunds)} refunded and ${units(disputes)} disputed are not the ${units(this.paidMicros)} of its entries`)
  }

  /** When all is done: it is also what the provider holds. */
  checkDone(): void {
    const { books, provider, documents } = this
    for (const { id, status, metadata } of provider.intents) {
      if (status !== 'succeeded' || metadata.accountId !== books.accountId) continue
      const topUp = documents.read(books.accountId, `TOP_UP#${metadata.topUpId}`)
      require(topUp !== undefined && this.credited.has(metadata.topUpId!), () =>
        `${id}: is paid and was never credited, its top-up is ${topUp?.status}`)
    }
    for (const [sequence, { intentId, leftMicros }] of this.paid) {
      const cents = provider.refundableCents(provider.intents.find(({ id }) => id === intentId)!)
      require(BigInt(cents) * MICROS_PER_CENT === leftMicros, () =>
        `${books.name} #${sequence}: ${units(leftMicros)} are left of it, and ${cents} cents of ${intentId}`)
    }
    const held = BigInt(provider.heldCents(books.accountId)) * MICROS_PER_CENT
    require(held === this.paidMicros, () =>
      `${books.name}: the provider holds ${units(held)}, its entries say ${units(this.paidMicros)}`)
  }

  /** The provider is asked for something: we have to know of it already. */
  checkAsked(operation: string, form: URLSearchParams): void {
    const [topUpId, refundId] = ['topUpId', 'refundId'].map((name) => form.get(`metadata[${name}]`))
    const sk = refundId ? `REFUND#${refundId}` : `TOP_UP#${topUpId}`
    const document = this.documents.read(this.books.accountId, sk)
    require(document !== undefined, () =>
      `${operation} for ${refundId ?? topUpId}, which is not written down`)
    if (operation !== 'POST /v1/payment_intents') return
    const isWanted = document.origin === 'automatic' || document.requestedMethod === 'saved_card'
    require(isWanted, () => `${operation} for ${topUpId}: nobody has agreed that a card is charged`)
  }

  cardIds(): string[] {
    const { cards = [] } = (this.documents.read(this.books.accountId, 'CARDS') ?? {}) as {
      cards?: { paymentMethodId: string }[]
    }
    return cards.map(({ paymentMethodId }) => paymentMethodId)
  }

  settledTopUps(): { topUpId: string; entrySequence: bigint }[] {
    const topUps = this.documents.list(this.books.accountId, 'TOP_UP#')
    return topUps.filter(({ status }) => status === 'settled') as never
  }

  topUp(topUpId: string): PaymentDocument | undefined {
    return this.documents.read(this.books.accountId, `TOP_UP#${topUpId}`)
  }
}

const smaller = (left: bigint, right: bigint) => (left < right ? left : right)
