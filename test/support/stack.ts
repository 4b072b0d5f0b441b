import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ApiClient, ApiRefusal, createApiClient, renewing } from '../../cli/api-client.ts'
import { startLocalStack } from '../../local/stack.ts'
import { payCheckout } from '../../local/stripe/pay-checkout.ts'

export type TestStack = Awaited<ReturnType<typeof startTestStack>>

const PAID_CARD = '4242424242424242'

/** The whole local stack on ports of its own in a folder of its own, with a client of the API for each kind of caller. */
export async function startTestStack(options: { startAt?: string; assemblyFolder?: string } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'drawdown-test-'))
  const stack = await startLocalStack({ ...options, folder, port: 0, quiet: true })
  const clientWith = (fetchToken: () => Promise<string>) =>
    createApiClient(
      stack.apiUrl,
      renewing(fetchToken, () => stack.clock.now()),
    )
  const staff = clientWith(() => stack.staffToken())
  const usage = clientWith(() => stack.usageToken())
  const person = (email: string) => clientWith(() => stack.personToken(email))
  let opened = 0

  /** An account with an owner of its own and, where an amount is given, a top-up that was paid. */
  async function openAccount(
    more: { credit?: string; clientType?: string; timeZone?: string; currency?: string } = {},
  ) {
    opened += 1
    const ownerEmail = `owner${opened}@client.example.com`
    const { credit, ...account } = { clientType: 'hosted', timeZone: 'UTC', currency: 'USD', ...more }
    const { accountId } = await staff.send<{ accountId: string }>('POST', '/v1/accounts', {
      body: { name: `Client ${opened}`, ownerEmail, ...account },
      idempotencyKey: `open-${opened}`,
    })
    const owner = person(ownerEmail)
    const result = { accountId, ownerEmail, owner, currency: account.currency }
    if (credit) await topUp(result, credit, `top-up-${opened}`)
    return result
  }

  /** Pays a top-up with the test card that is always paid, and waits for the credit. */
  async function topUp(
    account: { accountId: string; owner: ApiClient; currency: string },
    amount: string,
    idempotencyKey: string,
  ): Promise<string> {
    const asked = await account.owner.send<{ topUpId: string; paymentUrl: string }>(
      'POST',
      `/v1/accounts/${account.accountId}/top-ups`,
      { body: { amount, currency: account.currency }, idempotencyKey },
    )
    await payCheckout(asked.paymentUrl, PAID_CARD)
    await stack.waitUntilIdle()
    return asked.topUpId
  }

  async function stop() {
    await stack.close()
    await rm(folder, { recursive: true, force: true })
  }
  return { stack, folder, staff, usage, person, openAccount, topUp, stop }
}

/** The problem that a request is refused with; throws if it is not refused. */
export async function refusalOf(
  request: Promise<unknown>,
): Promise<{ status: number; problem: Record<string, unknown> }> {
  try {
    await request
  } catch (error) {
    if (error instanceof ApiRefusal) return { status: error.status, problem: error.problem }
    throw error
  }
  throw new Error('the request was not refused')
}
