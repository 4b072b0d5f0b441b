import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, vi } from 'vitest'
import { startEventBridge } from '../../local/eventbridge.ts'
import { startSqs } from '../../local/sqs.ts'
import { payCheckout } from '../../local/stripe.ts'
import { personClaims, type Request, send, staffClaims, useDatabase } from '../support/request.ts'
import { startPayments } from '../top-up/payments.ts'

const PAYS = '4242424242424242'
const STANDARD_QUEUES = ['charge', 'warning', 'expiry', 'segment', 'scan', 'announcement']
const USAGE_QUEUE = 'usage.fifo'
const usageClaims = { sub: 'switch', client_id: 'switch', scope: 'drawdown/usage' }

export type PrepaidMachine = Awaited<ReturnType<typeof startPrepaidMachine>>
export type Client = Awaited<ReturnType<PrepaidMachine['openAccount']>>

/**
 * The handlers themselves in one process, around the embedded database, the queues and the payment provider's stand-in, at a
 * virtual time that a test sets: a quarter of a year goes by in seconds.
 */
export async function startPrepaidMachine(startAt: string) {
  vi.useFakeTimers({ toFake: ['Date'], now: new Date(startAt) })
  const folder = mkdtempSync(join(tmpdir(), 'prepaid-machine-'))
  const payments = await startPayments()
  const sqs = await startSqs({
    folder,
    queues: [...STANDARD_QUEUES.map((name) => ({ name })), { name: USAGE_QUEUE, fifo: true }],
  })
  const bus = await startEventBridge({ folder, rules: [], buses: ['bus'] })
  useDatabase(payments.database)
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_SQS: sqs.url,
    AWS_ENDPOINT_URL_EVENTBRIDGE: bus.url,
    EVENT_BUS: 'bus',
    FILES_BUCKET: 'files',
    PLAN_GRACE_DAYS: '7',
    PRICE_CHANGE_NOTICE_DAYS: '32',
    USAGE_QUEUE_URL: sqs.queueUrl(USAGE_QUEUE),
    ...Object.fromEntries(
      STANDARD_QUEUES.map((name) => [`${name.toUpperCase()}_QUEUE_URL`, sqs.queueUrl(name)]),
    ),
  })
  const handlers = await loadHandlers()
  let sent = 0

  const call = async (handler: unknown, request: Request) => {
    const reply = await send(handler, request)
    expect([request.route, reply.status < 300, reply.text]).toEqual([request.route, true, reply.text])
    return reply.body
  }

  /** The messages of a queue, one after the other, to the handler behind it. */
  async function workOff(queue: string, handler: unknown): Promise<void> {
    for (let [message] = sqs.receive(queue); message; [message] = sqs.receive(queue)) {
      await deliver(handler, message.body, message.attributes)
      sqs.delete(queue, message.receiptHandle)
    }
  }

  /** The hourly look at what is due, and all that it sets off. */
  async function lookNow(): Promise<void> {
    await handlers.findDue({}, {} as never)
    await workOff('segment', handlers.chargeSegment)
    await workOff('charge', handlers.chargeMonth)
  }

  /** Moves the clock on, and looks at what is due then. */
  async function moveTo(instant: string): Promise<void> {
    expect(Date.parse(instant)).toBeGreaterThanOrEqual(Date.now())
    vi.setSystemTime(new Date(instant))
    await lookNow()
  }

  async function openAccount(more: { name: string; clientType: string; timeZone: string }) {
    const ownerEmail = 'owner@client.example.com'
    const opened = await call(handlers.accounts, {
      route: 'POST /v1/accounts',
      claims: staffClaims,
      headers: { 'idempotency-key': 'open' },
      body: { ownerEmail, currency: 'USD', ...more },
    })
    const accountId = String(opened.accountId)
    const { timeZone } = more
    const claims = personClaims(ownerEmail)
    const ask = (handler: unknown, route: string, body?: unknown) => {
      sent += 1
      const headers = { 'idempotency-key': `key-${sent}` }
      return call(handler, { route, path: { accountId }, claims, body, headers })
    }

    /** Pays on the provider's page; the credit comes with the provider's word, and the bus has the plan looked at. */
    async function topUp(amount: string): Promise<void> {
      const route = 'POST /v1/accounts/{accountId}/top-ups'
      const asked = await ask(handlers.topUp, route, { amount, currency: 'USD' })
      expect(await payCheckout(String(asked.paymentUrl), PAYS)).toMatchObject({ paid: true })
      await payments.stripe.untilIdle()
      await deliver(handlers.chargeMonth, JSON.stringify({ accountId }))
    }

    const choicesOf = (planId: string | null, services: Record<string, number>) => ({
      planId,
      services: Object.entries(services).map(([service, quantity]) => ({ service, quantity })),
    })

    /** From the next month on. */
    const choosePlan = (planId: string | null, services: Record<string, number>) =>
      ask(handlers.plans, 'PUT /v1/accounts/{accountId}/plan', choicesOf(planId, services))

    /** Now; what it is answered with is what the preview of a moment before said. */
    async function changePlan(planId: string | null, services: Record<string, number>): Promise<void> {
      const route = 'POST /v1/accounts/{accountId}/plan-changes'
      const choice = choicesOf(planId, services)
      const preview = await ask(handlers.changePlan, `${route}/preview`, choice)
      const changed = await ask(handlers.changePlan, route, choice)
      const { charged, givenBack } = preview
      const amounts = [charged, givenBack].map((money) => String(money!.amount))
      const expected = /[1-9]/.test(amounts[0]!) ? `-${amounts[0]}` : amounts[1]
      expect(changed.amount!.amount).toBe(expected)
    }

    /** So many units, as a switch reports them. */
    async function use(service: string, quantity: number): Promise<void> {
      sent += 1
      const event = { specversion: '1.0', source: '/switch/1', id: `use-${sent}`, type: service }
      await call(handlers.takeUsage, {
        route: 'POST /v1/usage',
        claims: usageClaims,
        headers: { 'content-type': 'application/cloudevents+json' },
        body: { ...event, subject: accountId, time: new Date().toISOString(), data: { quantity } },
      })
      await workOff(USAGE_QUEUE, handlers.deductUsage)
    }

    const transactions = async () => {
      const reply = await send(handlers.statements, {
        ...{ route: 'GET /v1/accounts/{accountId}/transactions', path: { accountId }, claims },
        query: { limit: '200' },
      })
      return (reply.body.transactions as unknown as Line[]).toReversed()
    }

    /** Each line as its date in the account's time zone, kind, amount and balance. */
    const statement = async () =>
      (await transactions()).map(({ at, kind, amount, balanceAfter }) => {
        const date = new Intl.DateTimeFormat('sv', { timeZone }).format(new Date(at))
        return [date, kind, amount.amount, balanceAfter.amount].join(' ')
      })

    /** What a line says of the services of its month: days, quantity, name and amount. */
    async function linesOf(place: number): Promise<string[]> {
      const path = { accountId, sequence: String(place) }
      const route = 'GET /v1/accounts/{accountId}/transactions/{sequence}'
      const { detail } = await call(handlers.statements, { route, path, claims })
      return (detail!.lines as unknown as PlanLine[]).map(
        ({ firstDay, lastDay, quantity, service, unitFee, amount }) => {
          const days = firstDay === undefined ? '' : `${firstDay}–${lastDay}: `
          return `${days}${quantity} ${service} at ${unitFee} = ${amount}`
        },
      )
    }

    const available = async () =>
      (await ask(handlers.statements, 'GET /v1/accounts/{accountId}/balance')).available!.amount
    return { accountId, topUp, choosePlan, changePlan, use, statement, linesOf, available }
  }

  const setPlan = (planId: string, body: object) =>
    call(handlers.plans, { route: 'PUT /v1/plans/{planId}', path: { planId }, claims: staffClaims, body })
  const setPrice = (service: string, unitAmount: string) =>
    call(handlers.prices, {
      ...{ route: 'PUT /v1/prices/{service}', path: { service }, claims: staffClaims },
      body: { currency: 'USD', model: { kind: 'per_unit', unitAmount } },
    })

  async function stop(): Promise<void> {
    await Promise.all([payments.stop(), sqs.close(), bus.close()])
    vi.useRealTimers()
    rmSync(folder, { recursive: true, force: true })
  }

  return { moveTo, openAccount, setPlan, setPrice, stop }
}

type Line = { at: string; kind: string; amount: { amount: string }; balanceAfter: { amount: string } }
type PlanLine = {
  service: string
  quantity: string
  unitFee: string
  amount: string
  firstDay?: number
  lastDay?: number
}

async function loadHandlers() {
  return {
    accounts: (await import('../../functions/accounts/accounts.handler.ts')).handler,
    changePlan: (await import('../../functions/plans/change-plan.handler.ts')).handler,
    chargeMonth: (await import('../../functions/plans/charge-month.handler.ts')).handler,
    chargeSegment: (await import('../../functions/runs/charge-segment.handler.ts')).handler,
    deductUsage: (await import('../../functions/usage/deduct-usage.handler.ts')).handler,
    findDue: (await import('../../functions/plans/find-due.handler.ts')).handler,
    plans: (await import('../../functions/plans/plans.handler.ts')).handler,
    prices: (await import('../../functions/prices/prices.handler.ts')).handler,
    statements: (await import('../../functions/statements/statements.handler.ts')).handler,
    takeUsage: (await import('../../functions/usage/take-usage.handler.ts')).handler,
    topUp: (await import('../../functions/top-up/top-up.handler.ts')).handler,
  }
}

/** One message, as a queue hands it to the handler behind it. */
async function deliver(
  handler: unknown,
  body: string,
  attributes: Record<string, string> = {},
): Promise<void> {
  const event = { Records: [{ messageId: 'message', body, attributes }] }
  const reply = await (handler as (event: unknown, context: unknown) => Promise<unknown>)(event, {})
  expect(reply).toEqual({ batchItemFailures: [] })
}
