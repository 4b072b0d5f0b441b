import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasChromium, startBrowser, type Tab } from '../support/browser.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'

/** Behind the browser's own clock: who signs in stays so for as long as it lasts, not until a date of the stack's clock. */
const START = '2016-11-20T09:00:00Z'
/** Near, as the stack does all that falls due in between. */
const SOON = '2016-11-20T11:00:00Z'
const SHOWN = "document.getElementById('shown')?.hidden === false"
const HOSTILE = `# Fair use

<script>document.title = 'taken'</script>

<img src=x onerror="document.title = 'taken'">

[a link](javascript:alert(1)) and [another](https://example.com/rules).`

let test: TestStack
let browser: Awaited<ReturnType<typeof startBrowser>>
let tab: Tab
let account: Awaited<ReturnType<TestStack['openAccount']>>
let at: (path: string) => string

const publish = (version: string, effectiveAt: string, more: object = {}) =>
  test.staff.send('POST', '/v1/terms', {
    body: {
      ...{ document: 'terms-of-service', title: 'Terms of service', class: 'material', version, effectiveAt },
      text: `# Terms\n\nVersion ${version} allows calls to ${version} countries.`,
      ...more,
    },
  })

async function signIn(email: string): Promise<void> {
  await tab.waitFor("document.querySelector('input[name=email]')")
  const form = `document.querySelector('input[name=email]').value = ${JSON.stringify(email)}; document.querySelector('form').requestSubmit()`
  await tab.evaluate(form)
}

async function open(path: string): Promise<void> {
  await tab.open('about:blank')
  await tab.waitFor("location.href === 'about:blank'")
  await tab.open(at(path))
  await tab.waitFor(SHOWN)
}

if (!hasChromium)
  console.warn('The portal is not tried in a browser: there is no Chromium (Debian: apt install chromium).')

describe.skipIf(!hasChromium)('the portal in a browser', () => {
  beforeAll(async () => {
    test = await startTestStack({ startAt: START })
    browser = await startBrowser()
    tab = browser.tab
    at = (path) => `${test.stack.apiUrl}${path}`
    account = await test.openAccount({ credit: '60.00', timeZone: 'Europe/Berlin' })
    await test.staff.send('PUT', '/v1/plans/hosted-basic', {
      body: {
        ...{ name: 'Hosted basic', clientType: 'hosted', currency: 'USD', baseFee: '20.00' },
        services: [{ service: 'seat', name: 'Seats', unitFee: '10.10' }],
      },
    })
    await account.owner.send('PUT', `/v1/accounts/${account.accountId}/plan`, {
      body: { planId: 'hosted-basic', services: [{ service: 'seat', quantity: 5 }] },
    })
    for (let number = 1; number <= 24; number++) {
      await test.staff.send('POST', `/v1/accounts/${account.accountId}/credits`, {
        body: { kind: 'goodwill', amount: '0.10', currency: 'USD', reason: `Kindness ${number}` },
        idempotencyKey: `kindness-${number}`,
      })
    }
  })
  afterAll(async () => {
    await browser?.stop()
    await test?.stop()
  })

  it('signs in, comes back, and shows what there is and what is missing, to the cent', async () => {
    await tab.open(at(`/portal?account=${account.accountId}`))
    await signIn(account.ownerEmail)
    await tab.waitFor(SHOWN)
    expect(await tab.evaluate('location.search')).toBe(`?account=${account.accountId}`)
    const text = await tab.read()
    expect(text).toContain('62.40')
    expect(text).toContain('1 December 2016')
    expect(text).toContain('8.10\u00a0USD will be missing by then.')
    const link = await tab.evaluate<string>("document.querySelector('#coverage a').getAttribute('href')")
    expect(link).toBe(`/top-up?account=${account.accountId}&amount=8.10&currency=USD`)
  })

  it('names every control, and every field that is shown', async () => {
    for (const path of ['/portal', '/portal/terms', '/portal/privacy']) {
      await open(path)
      const nameless = await tab.evaluate<
        string[]
      >(`[...document.querySelectorAll('button, a, input, select')]
        .filter((one) => one.checkVisibility())
        .filter((one) => !(one.textContent.trim() || one.getAttribute('aria-label') || one.labels?.[0]?.textContent.trim()))
        .map((one) => one.outerHTML)`)
      expect([path, nameless]).toEqual([path, []])
      expect(await tab.evaluate('document.querySelectorAll(":checked:not(option)").length')).toBe(0)
      expect(await tab.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
    }
  })

  it('shows older transactions, and has all of them as one file', async () => {
    await open('/portal')
    expect(await tab.evaluate("document.querySelectorAll('#lines tr').length")).toBe(20)
    await tab.press('Show older')
    await tab.waitFor("document.querySelectorAll('#lines tr').length === 25")
    expect(await tab.evaluate("document.activeElement.closest('tbody')?.id")).toBe('lines')
    const behavior = { behavior: 'allow', downloadPath: test.folder }
    await tab.send('Browser.setDownloadBehavior', behavior)
    await tab.press('Download as CSV')
    await tab.shows('The file is downloaded.')
    const file = join(test.folder, `${account.accountId}.csv`)
    for (let look = 0; look < 200 && !existsSync(file); look++)
      await tab.evaluate('new Promise((wake) => setTimeout(wake, 20))')
    expect(readdirSync(test.folder)).toContain(`${account.accountId}.csv`)
    const lines = readFileSync(file, 'utf8').trim().split('\r\n')
    expect([lines.length, lines[0]!.startsWith('sequence,at,kind')]).toEqual([26, true])
  })

  it('shows what is announced, with a place in a webinar, until it is put away for good', async () => {
    const announce = (key: string, more: object) =>
      test.staff.send('POST', '/v1/staff/announcements', {
        body: {
          ...{ audience: 'service', clientTypes: ['hosted'], dismissible: true },
          banner: { from: '2016-11-20T00:00:00Z', until: '2016-12-01T00:00:00Z' },
          ...more,
        },
        idempotencyKey: key,
      })
    await announce('a-1', { kind: 'maintenance', title: 'Work on the network', text: 'Calls may *drop*.' })
    await announce('a-2', {
      ...{ kind: 'webinar', title: 'Reading your statement', text: 'With questions.' },
      event: {
        ...{ startsAt: '2016-11-25T15:00:00Z', endsAt: '2016-11-25T16:00:00Z', timeZone: 'America/New_York' },
        ...{ link: 'https://meet.example.com/statement', capacity: 20 },
      },
    })
    await open('/portal')
    await tab.shows('25 November 2016, 10:00 to 11:00 (America/New York)')
    await tab.shows('25 November 2016, 16:00 to 17:00 (Europe/Berlin)')
    await tab.press('Sign up')
    await tab.shows('You are signed up for Reading your statement.')
    await tab.shows('Join by https://meet.example.com/statement')
    await tab.evaluate('document.querySelector("[aria-label=\'Put away: Work on the network\']").click()')
    await tab.shows('Put away for good: Work on the network')
    await open('/portal')
    await tab.shows('Reading your statement')
    expect(await tab.read()).not.toContain('Work on the network')
  })

  it('says by when terms are to be answered, and can be told to keep that for this visit', async () => {
    await publish('1', '2016-12-01T00:00:00Z', { text: HOSTILE })
    await open('/portal')
    await tab.shows('please answer by 1 December 2016, 01:00 (Europe/Berlin).')
    await tab.evaluate('document.querySelector("[aria-label=\'Put this notice away for now\']").click()')
    await open('/portal')
    expect(await tab.read()).not.toContain('please answer by')
  })

  it('shows a script in a document as text, and keeps what was pressed with the hash of what was shown', async () => {
    await open('/portal/terms')
    await tab.press('Read and answer')
    await tab.shows("<script>document.title = 'taken'</script>")
    await tab.shows('<img src=x onerror=')
    expect(await tab.evaluate('document.title')).toMatch(/^Terms/)
    const links = await tab.evaluate<string[]>(
      "[...document.querySelectorAll('#text a')].map((one) => one.href)",
    )
    expect(links).toEqual(['https://example.com/rules'])
    const hash = await tab.evaluate<string>("document.getElementById('hash').textContent")
    await tab.press('I decline these terms')
    await tab.shows('Declined: Terms of service, version 1')
    await tab.shows('it can still be accepted')
    await tab.press('Read and answer')
    await tab.press('I accept these terms')
    await tab.shows('Accepted: Terms of service, version 1')
    const { acceptances } = await account.owner.get<{ acceptances: Record<string, unknown>[] }>(
      `/v1/accounts/${account.accountId}/terms-acceptances`,
    )
    const kept = acceptances.map(({ decision, pressed, textSha256 }) => [decision, pressed, textSha256])
    expect(kept.sort()).toEqual([
      ['accepted', 'I accept these terms', hash],
      ['declined', 'I decline these terms', hash],
    ])
  })

  it('shows what changes, and sends who reads an overtaken version to the newest', async () => {
    await publish('2', SOON)
    await open('/portal/terms')
    await tab.press('Read and answer')
    await tab.shows('What changes since version 1, which was answered last')
    expect(await tab.evaluate("document.querySelectorAll('#changes-text ins').length")).toBeGreaterThan(0)
    await publish('3', SOON)
    await tab.press('I accept these terms')
    await tab.shows('A newer version was published while you were reading. Nothing was recorded')
    await tab.press('Read the newest version')
    await tab.shows('Terms of service, version 3')
  })

  it('lets a text be read and answered where what changes cannot be shown', async () => {
    await tab.send('Network.enable', {})
    await tab.send('Network.setBlockedURLs', { urls: ['*/changes?*'] })
    await open('/portal/terms?document=terms-of-service&version=3')
    await tab.shows('This cannot be shown now. Please read the whole text.')
    await tab.shows('Version 3 allows calls to 3 countries.')
    await tab.shows('I accept these terms')
    await tab.send('Network.setBlockedURLs', { urls: [] })
  })

  it('lets who agreed to an app’s terms answer the newest of them', async () => {
    const app = { document: 'fax', title: 'Terms of the fax app', kind: 'app_terms' }
    await publish('1', START, app)
    const text = await account.owner.get<{ textSha256: string }>('/v1/terms/fax/versions/1')
    await account.owner.send('POST', `/v1/accounts/${account.accountId}/terms-acceptances`, {
      body: {
        ...{ document: 'fax', version: '1', textSha256: text.textSha256 },
        ...{ decision: 'accepted', pressed: 'I agree' },
      },
    })
    await publish('2', START, app)
    await open('/portal/terms?document=fax')
    await tab.shows('Answer this one if you go on using the app')
    await tab.press('I accept these terms')
    await tab.shows('Accepted: Terms of the fax app, version 2')
  })

  it('asks for consents that nobody has given, and takes them back as easily', async () => {
    await open('/portal/privacy')
    await tab.shows('Not chosen: nothing is sent.')
    await tab.press('Send me these e-mails')
    await tab.shows('Product news: you will get these e-mails.')
    await tab.press('Stop these e-mails')
    await tab.shows('Product news: stopped.')
  })

  it('has people sign in again before their data is handed out', async () => {
    await test.stack.clock.advanceTo('2016-11-20T09:40:00Z')
    await open('/portal/privacy')
    await tab.press('A copy of my data')
    await signIn(account.ownerEmail)
    await tab.shows('You have signed in again. Please press “A copy of my data” once more.')
    await tab.press('A copy of my data')
    await tab.shows('A copy of the data: asked for.')
    await test.stack.waitUntilIdle()
    await open('/portal/privacy')
    await tab.shows('Fetch the file')
  })

  it('leads to the terms alone once they are in effect, but for what stays open, until they are answered', async () => {
    await test.stack.clock.advanceTo(SOON)
    await tab.open(at('/portal'))
    // The token has ended, and the sign-in service knows the person still.
    await tab.press('Try again')
    await tab.waitFor(`location.pathname === '/portal/terms' && ${SHOWN}`)
    await tab.shows('What stays open until then')
    await tab.press('Balance and transactions')
    await tab.waitFor(`location.pathname === '/portal' && ${SHOWN}`)
    expect(await tab.evaluate("document.querySelectorAll('#lines tr').length")).toBe(20)
    const topUpLinks = `[...document.querySelectorAll("a[href^='/top-up']")].filter((one) => one.checkVisibility())`
    expect(await tab.evaluate(`${topUpLinks}.length`)).toBe(0)
    await tab.press('Read and answer')
    await tab.waitFor(`location.pathname === '/portal/terms' && ${SHOWN}`)
  })

  it('lets what is in effect be answered first, where a newer version is announced, and then the newer one', async () => {
    await publish('4', '2016-12-01T00:00:00Z')
    await open('/portal/terms')
    const titles = `[...document.querySelectorAll('#waiting-list h3')].map((one) => one.textContent)`
    expect(await tab.evaluate(titles)).toEqual(['Terms of service, version 3', 'Terms of service, version 4'])
    await tab.shows('Whoever accepts it now need not accept version 3 as well.')
    await tab.press('Read and answer')
    await tab.shows('What changes since version 1, which was answered last')
    // Both pages have the same buttons: the one that is left must be gone before the next press.
    const isAt = (version: number) => `location.search.includes('version=${version}') && ${SHOWN}`
    await tab.press('Read version 4, which takes effect later')
    await tab.waitFor(isAt(4))
    await tab.press('Read version 3, which is in effect')
    await tab.waitFor(isAt(3))
    await tab.press('I accept these terms')
    await tab.shows('Accepted: Terms of service, version 3')
    await tab.shows('Please answer by 1 December 2016, 01:00 (Europe/Berlin).')
    await open('/portal')
    expect(await tab.evaluate('location.pathname')).toBe('/portal')
    await tab.shows('please answer by 1 December 2016, 01:00 (Europe/Berlin).')
  })

  it('tells what changes without an answer until it is in effect, and can be told to keep that for this visit', async () => {
    const notes = { document: 'notes', class: 'editorial', title: 'Notes on service' }
    await publish('1', '2016-11-01T00:00:00Z', notes)
    await publish('2', '2016-12-01T00:00:00Z', notes)
    await open('/portal')
    await tab.shows('Notes on service, version 2')
    await tab.shows('In effect from 1 December 2016, 01:00 (Europe/Berlin). You need not do anything.')
    await tab.press('Read what changes')
    await tab.waitFor(`location.pathname === '/portal/terms' && ${SHOWN}`)
    await tab.shows('What changes since version 1')
    expect(await tab.evaluate("document.getElementById('changes').open")).toBe(true)
    await open('/portal/privacy')
    await tab.evaluate(`document.querySelector("[aria-label='Put away for now: Notes on service']").click()`)
    await open('/portal')
    expect(await tab.read()).not.toContain('Notes on service')
  })

  it('signs out here and at the sign-in service', async () => {
    await tab.press('Sign out')
    await tab.press('Yes, sign out')
    await tab.shows('You are signed out')
    expect(await tab.evaluate('sessionStorage.length')).toBe(0)
    await tab.press('Sign in again')
    await tab.waitFor("document.querySelector('input[name=email]')")
  })

  it('has done nothing that the policy of its pages forbids', () => {
    expect(tab.complaints).toEqual([])
  })
})
