import type { Entry } from '../../functions/ledger/entry.ts'
import { AccountBooks, type NewEntry } from './books.ts'
import type { BoundaryCall, BoundaryReply } from './boundary.ts'
import { serviceAddress } from './boundary.ts'
import { SimulatedBus } from './bus.ts'
import type { SimulatedTables, SimulationDatabase } from './database.ts'
import type { FaultCounts, FaultKind } from './faults.ts'
import { HoldBooks } from './hold-books.ts'
import type { InvocationSpec } from './invocation.ts'
import { Journal } from './journal.ts'
import { Machine, type PerformedFault } from './machine.ts'
import { Outbox } from './outbox.ts'
import { PaymentBooks } from './payment-books.ts'
import { PaymentDocuments } from './payment-documents.ts'
import { PAYMENT_KINDS } from './payment-kinds.ts'
import { graceDaysOf, PlanBooks, type ZONES } from './plan-books.ts'
import { PlanPriceBooks } from './plan-price-books.ts'
import { PriceBooks } from './price-books.ts'
import { PROVIDER_SECRET } from './provider/notices.ts'
import { PaymentProvider } from './provider/provider.ts'
import { SimulatedQueue } from './queues.ts'
import { createRandom } from './random.ts'
import type { Request } from './request.ts'
import { require, units, Violation } from './require.ts'
import { Scheduler } from './scheduler.ts'
import { UsageBooks } from './usage-books.ts'
import type { ColdStart } from './workers.ts'

/** The others have a plan and credit, and nothing else. */
const BUSY_ACCOUNTS = 2
const BEGINNING = Date.parse('2026-11-24T20:00:00.000Z')

export type WorldOptions = {
  database: SimulationDatabase
  coldStart: ColdStart
  tables: SimulatedTables
  seed: number
  faults: { enabled: ReadonlySet<FaultKind>; counts: FaultCounts }
}

/** What an account has beside its balance: its months, its payments, and what the bus has yet to be told of. */
export type SimulatedAccount = {
  books: AccountBooks
  plan: PlanBooks
  payments: PaymentBooks
  entryOutbox: Outbox
  paymentOutbox: Outbox
}

const queueUrl = (name: string) => `${serviceAddress('sqs')}/000000000000/${name}`

/** What the handlers of a world find in their environment. */
export function environmentOf(tables: SimulatedTables, seed: number): Record<string, string> {
  return {
    LEDGER_TABLE: tables.ledger,
    USAGE_TABLE: tables.usage,
    WAITING_TABLE: tables.waiting,
    DOCUMENTS_TABLE: tables.documents,
    PAYMENTS_TABLE: tables.payments,
    FILES_BUCKET: 'files',
    EVENT_BUS: 'bus',
    USAGE_QUEUE_URL: queueUrl('usage.fifo'),
    CHARGE_QUEUE_URL: queueUrl('charge'),
    WARNING_QUEUE_URL: queueUrl('warning'),
    SEGMENT_QUEUE_URL: queueUrl('segment'),
    SCAN_QUEUE_URL: queueUrl('scan'),
    HOLD_TIMERS_URL: queueUrl('timer'),
    EXPIRY_QUEUE_URL: queueUrl('expiry'),
    ANNOUNCEMENT_QUEUE_URL: queueUrl('announcement'),
    AUTO_TOP_UP_QUEUE_URL: queueUrl('check'),
    STRIPE_SECRET_NAME: 'stripe',
    STRIPE_API_URL: serviceAddress('stripe'),
    PORTAL_URL: 'https://portal.example.com',
    PRICE_CHANGE_NOTICE_DAYS: '32',
    PLAN_GRACE_DAYS: String(graceDaysOf(seed)),
  }
}

/** One episode's world: the services behind the handlers, the books of everything that was asked for, and the checks of both. */
export class World {
  readonly journal = new Journal()
  readonly scheduler = new Scheduler(BEGINNING)
  readonly machine: Machine
  readonly usageQueue = new SimulatedQueue('usage', { isFifo: true })
  readonly chargeQueue = new SimulatedQueue('charge', { isFifo: false })
  readonly segmentQueue = new SimulatedQueue('segment', { isFifo: false })
  readonly expiryQueue = new SimulatedQueue('expiry', { isFifo: false })
  readonly watchQueue = new SimulatedQueue('watch', { isFifo: false })
  readonly timerQueue = new SimulatedQueue('timer', { isFifo: false })
  /** Of automatic top-ups. */
  readonly checkQueue = new SimulatedQueue('check', { isFifo: false })
  readonly bus = new SimulatedBus(this)
  readonly provider = new PaymentProvider()
  readonly documents = new PaymentDocuments()
  readonly prices = new PriceBooks()
  readonly planPrices = new PlanPriceBooks()
  readonly holds = new HoldBooks()
  readonly usage = new UsageBooks(this.prices, this.holds)
  readonly accounts: SimulatedAccount[] = []
  readonly requests = new Map<string, Request>()
  /** Everything that callers have sent, to be sent once more. */
  readonly sent: { at: number; again: () => InvocationSpec }[] = []
  private readonly options: WorldOptions
  private readonly queues: Record<string, SimulatedQueue>
  private readonly touched = new Set<SimulatedAccount>()
  private contraMicros = 0n

  constructor(options: WorldOptions) {
    this.options = options
    const { coldStart, faults, seed } = options
    this.queues = {
      [queueUrl('usage.fifo')]: this.usageQueue,
      [queueUrl('charge')]: this.chargeQueue,
      [queueUrl('segment')]: this.segmentQueue,
      [queueUrl('timer')]: this.timerQueue,
      [queueUrl('expiry')]: this.expiryQueue,
      [queueUrl('check')]: this.checkQueue,
      // Warnings, announcements and closing scans are no part of the money path.
      [queueUrl('warning')]: new SimulatedQueue('warning', { isFifo: false }),
      [queueUrl('announcement')]: new SimulatedQueue('announcement', { isFifo: false }),
      [queueUrl('scan')]: new SimulatedQueue('scan', { isFifo: false }),
    }
    this.machine = new Machine({
      scheduler: this.scheduler,
      coldStart,
      perform: (call, fault) => this.perform(call, fault),
      journal: this.journal,
      faults,
      random: createRandom(seed),
    })
  }

  get nowMilliseconds(): number {
    return this.scheduler.nowMilliseconds
  }

  addAccount(accountId: string, zone: (typeof ZONES)[number]): void {
    const books = new AccountBooks(accountId, 'ABCDEFGH'[this.accounts.length]!, 'USD')
    const plan = new PlanBooks(books, this.planPrices, {
      offsetMilliseconds: zone.offsetMilliseconds,
      graceDays: graceDaysOf(this.options.seed),
    })
    this.usage.addAccount(books, zone.offsetMilliseconds)
    const payments = new PaymentBooks(books, this.documents, this.provider)
    const entryOutbox = new Outbox(`entries of ${books.name}`)
    const paymentOutbox = new Outbox(`payments of ${books.name}`)
    this.accounts.push({ books, plan, payments, entryOutbox, paymentOutbox })
  }

  /** The account of this place, counted around, of those that do everything. */
  account(place: number): SimulatedAccount {
    return this.accounts[place % BUSY_ACCOUNTS]!
  }

  /** The account of this place, counted around, of all: one more has a plan and credit alone. */
  anyAccount(place: number): SimulatedAccount {
    return this.accounts[place % this.accounts.length]!
  }

  /** The address of an account's owner. */
  ownerOf(place: number): string {
    return `owner${place % BUSY_ACCOUNTS}@example.com`
  }

  /** Notes a request under its key, or finds the one that is there. */
  requestOf(accountId: string, key: string, create: () => Request): Request {
    const name = `${accountId} ${key}`
    const request = this.requests.get(name) ?? create()
    this.requests.set(name, request)
    return request
  }

  /** Runs some calls side by side to their end and then checks everything that they have touched. */
  async step(prepare: () => InvocationSpec[], chance: { seed: number; faultPercent: number }): Promise<void> {
    const { machine } = this
    machine.random = createRandom(chance.seed)
    machine.faultPercent = chance.faultPercent
    const states = prepare().flatMap((spec) => {
      const isTwice =
        spec.twin && machine.isEnabled('duplicate') && machine.random.chance(chance.faultPercent)
      if (isTwice) machine.count('duplicate')
      return [spec, ...(isTwice ? [spec.twin!()] : [])].map((each) =>
        machine.invoke(each, machine.random.below(25)),
      )
    })
    await this.scheduler.runUntil(() => states.every(({ isOver }) => isOver))
    machine.faultPercent = 0
    await this.check()
    for (const { checkAfterwards } of states) checkAfterwards()
    for (const { books, plan } of this.accounts) {
      books.beginStep()
      plan.beginStep()
    }
  }

  /** Lets time go by, with whatever is still on its way. */
  async pass(milliseconds: number): Promise<void> {
    await this.scheduler.pass(milliseconds)
    await this.check()
  }

  /** Reads what is new in the accounts that were written to, and holds it to what was asked for. */
  async check(accounts: Iterable<SimulatedAccount> = [...this.touched]): Promise<void> {
    const { database, tables } = this.options
    for (const account of accounts) {
      this.touched.delete(account)
      for (const found of await account.books.readNew(database, tables, this.nowMilliseconds))
        this.take(account, found)
      account.payments.check()
    }
  }

  private take(account: SimulatedAccount, found: NewEntry): void {
    const { entry, image } = found
    const { books, payments, entryOutbox } = account
    const amount = units(entry.amountMicros)
    this.journal.note(
      `  = ${books.name} #${entry.sequence} ${entry.kind} ${amount} → ${units(entry.availableAfterMicros)}`,
    )
    entryOutbox.changes.push({ after: image })
    payments.take(found)
    const contra = entry.postings.filter((line) => !line.account.startsWith('client:'))
    this.contraMicros = contra.reduce((sum, line) => sum + line.amountMicros, this.contraMicros)
    if (entry.kind === 'usage') this.usage.take(books, entry)
    else if (entry.kind.startsWith('plan')) this.takeOfPlan(account, entry)
    else if (entry.kind === 'ring_fence') account.plan.takeSetAside(entry)
    else if (entry.kind === 'capture' || entry.kind === 'release')
      this.holds.take(books, entry, this.nowMilliseconds)
    else if (isRequested(entry)) this.takeRequested(books, entry)
  }

  private takeOfPlan({ books, plan }: SimulatedAccount, entry: Entry): void {
    plan.take(entry, this.nowMilliseconds)
    if (entry.kind === 'plan_change' || entry.kind === 'plan_credit') this.takeRequested(books, entry)
  }

  private takeRequested(books: AccountBooks, entry: Entry): void {
    const { sequence, kind, key } = entry
    const request = this.requests.get(`${books.accountId} ${key}`)
    require(request !== undefined, () => `${books.name} #${sequence} ${kind} ${key}: nobody has asked for it`)
    request.take(books.entries[Number(sequence) - 1]!)
    if (kind === 'hold') this.holds.take(books, entry, this.nowMilliseconds)
  }

  /** When everything is delivered and nothing goes wrong any more: what must have become of all that was promised. */
  async checkDone(): Promise<void> {
    await this.check(this.accounts)
    const [lost] = this.usage.lost()
    require(lost === undefined, () => `event ${lost?.id}: was accepted and never decided`)
    for (const { books, plan, payments, entryOutbox, paymentOutbox } of this.accounts) {
      payments.checkDone()
      plan.checkDone(this.nowMilliseconds)
      require(books.heldMicros === plan.setAsideMicros, () =>
        `${books.name}: ${units(books.heldMicros)} are held and every lease is over`)
      books.lots.checkExpired(books.name, this.nowMilliseconds)
      for (const { name, toldCount, changes } of [entryOutbox, paymentOutbox])
        require(toldCount === changes.length, () => `${name}: the bus was not told of everything`)
      for (const { sequence, kind } of books.entries) {
        const names = EVENTS_OF_KIND[kind] ?? []
        const isTold =
          names.length === 0 ||
          names.some((name) => this.bus.eventIds.has(`${books.accountId}/${name}/${sequence}`))
        require(isTold, () => `${books.name} #${sequence} ${kind}: the bus was never told`)
      }
    }
    const clientMicros = this.accounts.reduce(
      (sum, { books }) => sum + books.availableMicros + books.heldMicros,
      0n,
    )
    require(clientMicros + this.contraMicros === 0n, () =>
      `the clients have ${units(clientMicros)}, the other side ${units(this.contraMicros)}`)
  }

  private perform(call: BoundaryCall, fault?: PerformedFault): BoundaryReply | Promise<BoundaryReply> {
    const isPartial = fault === 'partial_batch'
    switch (call.service) {
      case 'dynamodb':
        return this.askDatabase(call, isPartial)
      case 'sqs': {
        const { QueueUrl, Entries, MessageBody, DelaySeconds = 0 } = JSON.parse(call.body) as SqsRequest
        if (MessageBody !== undefined)
          return this.queues[QueueUrl]!.sendOne(MessageBody, this.nowMilliseconds + DelaySeconds * 1000)
        return this.queues[QueueUrl]!.send(Entries, this.partOf(Entries, isPartial))
      }
      case 'events': {
        const { Entries } = JSON.parse(call.body) as { Entries: never[] }
        return this.bus.put(Entries, this.partOf(Entries, isPartial))
      }
      case 'secretsmanager':
        return { status: 200, body: JSON.stringify({ SecretString: JSON.stringify(PROVIDER_SECRET) }) }
      case 'stripe':
        return this.askProvider(call, fault === 'server_error')
      default:
        throw new Violation(`${call.service} is no part of this: ${call.operation}`)
    }
  }

  private askProvider(call: BoundaryCall, isFailing: boolean): BoundaryReply {
    const form = new URLSearchParams(call.body)
    const payer = this.accounts.find(({ books }) => books.accountId === form.get('metadata[accountId]'))
    if (form.has('metadata[topUpId]')) payer?.payments.checkAsked(call.operation, form)
    const failing = isFailing ? { isDone: this.machine.random.chance(50) } : undefined
    return this.provider.answer(call, this.nowMilliseconds, failing)
  }

  private async askDatabase(call: BoundaryCall, isPartial: boolean): Promise<BoundaryReply> {
    const { operation } = call
    const { body, leaveOut } =
      isPartial && operation === 'BatchGetItem' ? this.partOfKeys(call.body) : { body: call.body }
    const reply = await this.options.database.call(operation, body)
    if (operation === 'PutItem' && reply.status === 200) this.prices.noteItem(body)
    if (reply.status === 200) this.planPrices.noteWrite(body)
    if (reply.status === 200) this.noteWrite(operation, body)
    if (!leaveOut || reply.status !== 200) return reply
    return { status: 200, body: JSON.stringify({ ...JSON.parse(reply.body), UnprocessedKeys: leaveOut }) }
  }

  private noteWrite(operation: string, body: string): void {
    const account = this.accounts.find(({ books }) => body.includes(books.accountId))
    if (!account) return
    const changes = this.documents.note(this.options.tables.payments, operation, body)
    account.paymentOutbox.changes.push(...changes)
    if (changes.length > 0) account.payments.automatic.check()
    if (operation !== 'TransactWriteItems') return
    this.touched.add(account)
    account.plan.noteWrite(body)
  }

  /** Asks for some keys of a batch alone, and leaves the others to another try. */
  private partOfKeys(body: string) {
    const { RequestItems } = JSON.parse(body) as { RequestItems: Record<string, { Keys: unknown[] }> }
    const [table, request] = Object.entries(RequestItems)[0]!
    const count = request.Keys.length === 1 ? 1 : 1 + this.machine.random.below(request.Keys.length - 1)
    if (count === request.Keys.length) return { body }
    const part = (Keys: unknown[]) => ({ [table]: { ...request, Keys } })
    return {
      body: JSON.stringify({ RequestItems: part(request.Keys.slice(0, count)) }),
      leaveOut: part(request.Keys.slice(count)),
    }
  }

  private partOf(entries: readonly unknown[], isPartial: boolean): number {
    return isPartial ? this.machine.random.below(entries.length) : entries.length
  }
}

/** Nobody asks for an expiry; its lot says whether it is due. Of payments, refunds alone are asked for, and not all of them. */
function isRequested({ kind, key }: Entry): boolean {
  if (PAYMENT_KINDS.includes(kind)) return key.startsWith('top-up-refund:')
  return kind !== 'expiry'
}

type SqsRequest = { QueueUrl: string; Entries: never[]; MessageBody?: string; DelaySeconds?: number }

/** What the bus is told of an entry: one of these at least. */
const EVENTS_OF_KIND: Record<string, readonly string[]> = {
  top_up: ['top_up.settled'],
  credit: ['credit.given'],
  charge: ['charge.made'],
  usage: ['usage.deducted', 'usage.refused', 'usage.reconciled'],
  plan: ['plan.charged'],
  plan_short: ['plan.short'],
  plan_change: ['plan.changed'],
  plan_credit: ['plan.changed'],
  plan_stop: ['service.suspended'],
  plan_resume: ['service.resumed'],
  ring_fence: ['ring_fence.changed'],
  reversal: ['entry.reversed'],
  refund: ['charge.refunded'],
  expiry: ['credit.expired'],
  hold: ['session.authorised'],
  capture: ['session.ended'],
  release: ['session.ended'],
}
