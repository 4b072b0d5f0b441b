import { createHash, webcrypto } from 'node:crypto'
import { createContext, Script } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { portalPages } from '../../functions/portal/portal-pages.ts'

const script = new Script(/<script>([\s\S]*?)<\/script>/.exec(portalPages.topUp)![1]!)
const issuer = 'https://sign-in.example.com'
const link = '?account=acc_example01&amount=12.34&currency=USD'

type Call = { url: string; method: string; headers: Record<string, string>; body: string }
type Answers = Record<string, { status?: number; body: object }>
type Element = { textContent: string; hidden: boolean; value: string; onclick?: () => void }

/** One opening of the page, with as much of a browser as its script touches. It ends when the script has come to rest. */
class Visit {
  readonly elements = new Map<string, Element>()
  readonly calls: Call[] = []
  private readonly digests: Promise<ArrayBuffer>[] = []
  readonly storage: Map<string, string>
  wentTo = ''
  private search: string
  private readonly answers: Answers

  constructor(search: string, storage: Map<string, string>, answers: Answers) {
    this.search = search
    this.storage = storage
    this.answers = answers
  }

  element(id: string): Element {
    const kept = this.elements.get(id)
    if (kept) return kept
    const hidden = true
    const rows = { replaceChildren: (...cells: Element[]) => this.showFacts(cells) }
    const made: Element = Object.assign(rows, { textContent: '', hidden, value: '' })
    this.elements.set(id, made)
    return made
  }

  get notice(): string {
    return this.element('notice').textContent
  }

  facts: string[] = []
  private showFacts(cells: Element[]) {
    this.facts = cells.map(({ textContent }) => textContent)
  }

  async open(): Promise<this> {
    const configuration = {
      clientId: 'portal',
      authorizationEndpoint: `${issuer}/auth`,
      tokenEndpoint: `${issuer}/token`,
      callbackPath: '/top-up',
    }
    this.element('configuration').textContent = JSON.stringify(configuration)
    script.runInContext(createContext(this.browser()))
    return this.rest()
  }

  async click(id = 'act'): Promise<this> {
    this.element(id).onclick?.()
    return this.rest()
  }

  private async rest(): Promise<this> {
    // Everything that the script awaits here settles without a clock, but for digests: a busy machine takes its time for them.
    for (let turn = 0; turn < 50; turn++) {
      await Promise.all(this.digests)
      await new Promise((wake) => setImmediate(wake))
    }
    return this
  }

  private crypto() {
    const digest = (algorithm: string, data: Uint8Array<ArrayBuffer>) => {
      const digested = webcrypto.subtle.digest(algorithm, data)
      this.digests.push(digested)
      return digested
    }
    return {
      getRandomValues: (bytes: Uint8Array<ArrayBuffer>) => webcrypto.getRandomValues(bytes),
      randomUUID: () => webcrypto.randomUUID(),
      subtle: { digest },
    }
  }

  private browser() {
    const visit = this
    const kept = this.storage
    const browser = {
      ...{ URL, URLSearchParams, TextEncoder, Uint8Array, crypto: this.crypto(), btoa },
      document: {
        getElementById: (id: string) => visit.element(id),
        createElement: () => ({ textContent: '' }),
      },
      location: {
        origin: 'https://portal.example.com',
        pathname: '/top-up',
        get search() {
          return visit.search
        },
        assign: (address: string) => {
          visit.wentTo = address
        },
      },
      history: {
        replaceState: (_state: unknown, _title: string, address: string) => {
          visit.search = address.replace('/top-up', '')
        },
      },
      sessionStorage: {
        getItem: (name: string) => kept.get(name) ?? null,
        setItem: (name: string, value: string) => kept.set(name, value),
        removeItem: (name: string) => kept.delete(name),
      },
      setTimeout: (wake: () => void) => setImmediate(wake),
      fetch: async (url: string, options: Partial<Call> = {}) => {
        const { method = 'GET', headers = {}, body = '' } = options
        visit.calls.push({ url, method, headers, body: String(body) })
        const answer = visit.answers[`${method} ${url}`] ?? {
          status: 404,
          body: { code: 'not_found', title: 'Nothing' },
        }
        const { status = 200 } = answer
        return { ok: status < 400, status, json: async () => answer.body }
      },
    }
    return browser
  }
}

const account = {
  'GET /v1/accounts/acc_example01': { body: { name: 'Example Telephony' } },
  'GET /v1/accounts/acc_example01/balance': { body: { available: { amount: '1.00', currency: 'USD' } } },
}
const token = { [`POST ${issuer}/token`]: { body: { access_token: 'token-1', expires_in: 3600 } } }
const topUps = 'POST /v1/accounts/acc_example01/top-ups'
const topUpId = `top_${'x'.repeat(22)}`
const amount = { amount: '12.34', currency: 'USD' }
const started = {
  [topUps]: {
    status: 201,
    body: { topUpId, status: 'processing', amount, paymentUrl: 'https://pay.example.com/1' },
  },
}

const signedIn = () =>
  new Map([['drawdown.token', JSON.stringify({ token: 'token-1', expiresAt: Date.now() + 3_600_000 })]])

describe('the top-up page', () => {
  it('signs in with PKCE, comes back to the link, and offers exactly its amount', async () => {
    const storage = new Map<string, string>()
    const first = await new Visit(link, storage, {}).open()
    const asked = new URL(first.wentTo).searchParams
    expect(first.calls).toEqual([])
    expect(asked.get('redirect_uri')).toBe('https://portal.example.com/top-up')

    const answer = `?${new URLSearchParams({ code: 'code-1', state: asked.get('state')! })}`
    const second = await new Visit(answer, storage, { ...token, ...account }).open()
    const exchange = new URLSearchParams(second.calls[0]!.body)
    const challenge = createHash('sha256').update(exchange.get('code_verifier')!).digest('base64url')
    expect([challenge, exchange.get('code')]).toEqual([asked.get('code_challenge'), 'code-1'])
    expect(second.facts).toEqual([
      'Account',
      'Example Telephony',
      'Credit now',
      '1.00 USD',
      'Top-up',
      '12.34 USD',
    ])
    expect(second.element('act').textContent).toBe('Pay 12.34 USD')
  })

  it('takes no code that comes with another sign-in’s state', async () => {
    const storage = new Map<string, string>()
    await new Visit(link, storage, {}).open()
    const visit = await new Visit('?code=stolen&state=other', storage, token).open()
    expect(visit.calls).toEqual([])
    expect(visit.notice).toMatch(/not started here/)
  })

  it('creates the top-up under one key however often it is asked to pay, and goes to the payment page', async () => {
    const storage = signedIn()
    const visit = await new Visit(link, storage, { ...account, ...started }).open()
    await visit.click()
    await visit.click()
    const again = await new Visit(link, storage, { ...account, ...started }).open()
    await again.click()
    const posts = [...visit.calls, ...again.calls].filter(({ method }) => method === 'POST')
    expect(posts).toHaveLength(3)
    expect(new Set(posts.map(({ headers }) => headers['idempotency-key'])).size).toBe(1)
    expect(JSON.parse(posts[0]!.body)).toEqual(amount)
    expect(posts[0]!.headers.authorization).toBe('Bearer token-1')
    expect(visit.wentTo).toBe('https://pay.example.com/1')
  })

  it('asks for the amount where the link has none', async () => {
    const visit = await new Visit('?account=acc_example01&currency=USD', signedIn(), {
      ...account,
      ...started,
    }).open()
    visit.element('amount').value = '1,50'
    await visit.click()
    expect(visit.calls.some(({ method }) => method === 'POST')).toBe(false)
    visit.element('amount').value = '1.50'
    await visit.click()
    expect(JSON.parse(visit.calls.at(-1)!.body)).toEqual({ amount: '1.50', currency: 'USD' })
  })

  it('says that a card is saved to whoever comes back from saving one, and asks for no payment', async () => {
    const back = '?account=acc_example01&currency=USD&card=saved'
    const visit = await new Visit(back, signedIn(), { ...account, ...started }).open()
    expect(visit.notice).toMatch(/Your card is saved/)
    await visit.click()
    expect(visit.notice).toMatch(/How much/)
    visit.element('amount').value = '1.50'
    await visit.click()
    expect(JSON.parse(visit.calls.at(-1)!.body)).toEqual({ amount: '1.50', currency: 'USD' })
  })

  it('shows what is owed, which a payment pays first', async () => {
    const { available } = account['GET /v1/accounts/acc_example01/balance'].body
    const owed = { amount: '40.00', currency: 'USD' }
    const owing = { 'GET /v1/accounts/acc_example01/balance': { body: { available, owed } } }
    const visit = await new Visit(link, signedIn(), { ...account, ...owing }).open()
    expect(visit.facts).toEqual(expect.arrayContaining(['Owed, paid first', '40.00 USD']))
  })

  it('says in words what is refused', async () => {
    const refused = {
      [topUps]: { status: 403, body: { code: 'terms_required', missing: [{ title: 'Terms of service' }] } },
    }
    const visit = await new Visit(link, signedIn(), { ...account, ...refused }).open()
    await visit.click()
    expect(visit.notice).toBe('New terms must be accepted first: Terms of service.')
    const other = { 'GET /v1/accounts/acc_example01': { status: 404, body: { code: 'account_not_found' } } }
    const stranger = await new Visit(link, signedIn(), { ...account, ...other }).open()
    expect(stranger.notice).toMatch(/not as a member/)
    expect(stranger.element('other').hidden).toBe(false)
    expect((await new Visit('?account=x', signedIn(), {}).open()).notice).toMatch(/not whole/)
  })

  it('follows a payment to its end, and offers one that was left again', async () => {
    const read = `GET /v1/accounts/acc_example01/top-ups/${topUpId}`
    const back = (result: string) => `?account=acc_example01&topUp=${topUpId}&result=${result}`
    const settled = { ...account, [read]: { body: { status: 'settled', amount } } }
    const paid = await new Visit(back('paid'), signedIn(), settled).open()
    expect(paid.notice).toBe('Thank you. The payment is in your credit.')
    const open = {
      ...account,
      [read]: { body: { status: 'processing', amount, paymentUrl: 'https://pay.example.com/1' } },
    }
    const left = await new Visit(back('cancelled'), signedIn(), open).open()
    expect(left.notice).toMatch(/left the payment page/)
    await left.click()
    expect(left.wentTo).toBe('https://pay.example.com/1')
    const pending = await new Visit(back('paid'), signedIn(), open).open()
    expect(pending.wentTo).toBe('')
  })
})
