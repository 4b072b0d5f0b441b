import { createHmac, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda'
import Stripe from 'stripe'
import type { Account } from '../../functions/accounts/account.ts'
import { createCardStore } from '../../functions/cards/cards.store.ts'
import { Problem } from '../../functions/edge/problem.ts'
import { createLedger } from '../../functions/ledger/ledger.store.ts'
import type { PaymentProvider } from '../../functions/top-up/payment-provider.ts'
import { createTopUpStarter, type TopUpRequest } from '../../functions/top-up/start-top-up.store.ts'
import { createStripeProvider } from '../../functions/top-up/stripe.client.ts'
import { createTopUpStore } from '../../functions/top-up/top-up.store.ts'
import { startSecretsManager } from '../../local/secrets-manager.ts'
import { startStripe } from '../../local/stripe.ts'
import { startTestDatabase } from '../support/database.ts'

const secret = { apiKey: 'sk_test_drawdown', webhookSigningSecret: 'whsec_drawdown' }
export const signingSecret = secret.webhookSigningSecret

/** The header by which an event proves where it comes from: https://docs.stripe.com/webhooks#verify-manually */
export function sign(
  body: string | Buffer,
  seconds = Math.floor(Date.now() / 1000),
  signingKey = signingSecret,
): string {
  return `t=${seconds},v1=${createHmac('sha256', signingKey).update(`${seconds}.`).update(body).digest('hex')}`
}

/** An event as Stripe writes it, with the least that one has. */
export function eventOf(type: string, object: object): string {
  const created = Math.floor(Date.now() / 1000)
  return JSON.stringify({ id: `evt_${randomUUID()}`, object: 'event', type, created, data: { object } })
}

/** The stand-in for Stripe, the real SDK and the real webhook handler around an embedded database. */
export async function startPayments() {
  const database = await startTestDatabase()
  const folder = mkdtempSync(join(tmpdir(), 'top-up-'))
  const stripe = await startStripe({ port: 0, folder, ...secret })
  const secrets = await startSecretsManager({ secrets: { stripe: JSON.stringify(secret) } })
  Object.assign(process.env, {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: database.accessKeyId,
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: database.endpoint,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
    LEDGER_TABLE: database.ledgerTable,
    WAITING_TABLE: database.waitingTable,
    DOCUMENTS_TABLE: database.documentsTable,
    PAYMENTS_TABLE: database.paymentsTable,
    STRIPE_SECRET_NAME: 'stripe',
    STRIPE_API_URL: stripe.url,
    PORTAL_URL: 'http://portal.example.com',
  })
  const { handler } = await import('../../functions/top-up/receive-payment-event.handler.ts')
  const deliver = async (body: string | Buffer, signature: string) => {
    const isBase64Encoded = typeof body !== 'string'
    const event = {
      version: '2.0',
      routeKey: 'POST /v1/webhooks/stripe',
      rawPath: '/v1/webhooks/stripe',
      headers: { 'content-type': 'application/json; charset=utf-8', 'stripe-signature': signature },
      requestContext: {
        http: { method: 'POST', path: '/v1/webhooks/stripe', sourceIp: '127.0.0.1', userAgent: 'Stripe' },
      },
      body: isBase64Encoded ? body.toString('base64') : body,
      isBase64Encoded,
    } as unknown as APIGatewayProxyEventV2
    const reply = (await handler(event, {} as Context)) as { statusCode: number; body: string }
    return {
      status: reply.statusCode,
      body: JSON.parse(reply.body) as { code?: string; errors?: { field: string }[] },
    }
  }
  const webhook = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', async () => {
      const signature = String(request.headers['stripe-signature'])
      const { status, body } = await deliver(Buffer.concat(parts).toString('utf8'), signature)
      response.writeHead(status).end(JSON.stringify(body))
    })
  })
  await new Promise<void>((ready) => webhook.listen(0, '127.0.0.1', ready))
  const webhookUrl = `http://127.0.0.1:${(webhook.address() as AddressInfo).port}/`
  stripe.setWebhookUrl(webhookUrl)

  const ledger = createLedger(database)
  const topUps = createTopUpStore(database)
  const cards = createCardStore(database)
  const provider = createStripeProvider({ apiKey: secret.apiKey, url: stripe.url, timeoutMilliseconds: 300 })
  const { hostname, port } = new URL(stripe.url)
  /** What the provider itself has, and what is done there without us. */
  const sdk = new Stripe(secret.apiKey, { host: hostname, port, protocol: 'http', maxNetworkRetries: 0 })
  /** Terms that wait, from when a test closes it. */
  const gate = { isClosed: false }
  const requireTerms = async () => {
    if (gate.isClosed) throw new Problem('terms_required', 'new terms')
    return 'terms-of-service@1'
  }
  const starterAt = (at: PaymentProvider) =>
    createTopUpStarter({
      topUps,
      cards,
      ledger,
      terms: { require: requireTerms },
      provider: async () => at,
      portalUrl: 'http://portal.example.com',
    })

  let accounts = 0
  async function openAccount(currency = 'USD'): Promise<Account> {
    accounts += 1
    const accountId = `acc_topup${String(accounts).padStart(6, '0')}`
    await database.client.send(
      new TransactWriteCommand({ TransactItems: [ledger.openingOf(accountId, currency)] }),
    )
    return {
      accountId,
      name: 'Example Ltd',
      clientType: 'hosted',
      currency,
      timeZone: 'UTC',
      lowCreditThresholdMicros: 0n,
      createdAt: new Date().toISOString(),
    }
  }

  const start = (
    account: Account,
    amount: string,
    more: Partial<TopUpRequest> = {},
    idempotencyKey = 'key-1',
    now = new Date(),
    at: PaymentProvider = provider,
  ) =>
    starterAt(at).start({
      account,
      request: { amount, currency: account.currency, paymentMethod: 'checkout', saveCard: false, ...more },
      idempotencyKey,
      actor: 'person:1',
      now,
    })

  /** One run of the schedule that asks the provider. */
  async function reconcile(): Promise<void> {
    const schedule = await import('../../functions/top-up/reconcile-payments.handler.ts')
    await schedule.handler({}, {} as Context)
  }

  const entriesOf = (accountId: string) => ledger.listEntries(accountId, { limit: 100, ascending: true })

  async function stop() {
    webhook.close()
    webhook.closeAllConnections()
    await stripe.close()
    await secrets.close()
    await database.stop()
    rmSync(folder, { recursive: true, force: true })
  }

  return {
    database,
    gate,
    stripe,
    sdk,
    provider,
    reconcile,
    webhookUrl,
    deliver,
    ledger,
    topUps,
    cards,
    openAccount,
    start,
    entriesOf,
    stop,
  }
}
