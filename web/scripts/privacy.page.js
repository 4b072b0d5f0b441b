;(() => {
  const { element, make, tell, show } = page
  const AGAIN = 'drawdown.press-again'
  const KEYS = 'drawdown.privacy-keys'
  const KINDS = { export: 'A copy of the data', erasure: 'Erasure' }
  const OUTCOMES = { erased: 'Erased', pseudonymised: 'Without names', kept: 'Kept' }

  const path = (account, rest = '') => `/v1/accounts/${account.accountId}/privacy-requests${rest}`

  // E-mails

  function describeDecision(account, { decision, decidedAt }) {
    if (decision === 'none') return 'Not chosen: nothing is sent.'
    const at = format.instant(decidedAt, account.timeZone)
    return decision === 'given'
      ? `You asked for these on ${at}.`
      : `You stopped these on ${at}: nothing is sent.`
  }

  function consentItem(account, consent) {
    const isGiven = consent.decision === 'given'
    const words = isGiven ? 'Stop these e-mails' : 'Send me these e-mails'
    const press = page.button(words, (pressed) => decide(account, consent, pressed), {
      className: 'even',
      id: `consent-${consent.purpose}`,
      attributes: { 'aria-describedby': `wording-${consent.purpose}` },
    })
    return make(
      'li',
      {},
      make('h3', {}, consent.title),
      make('p', { id: `wording-${consent.purpose}` }, consent.wording),
      make('p', { className: 'soft' }, describeDecision(account, consent)),
      make('p', { className: 'actions' }, press),
    )
  }

  async function decide(account, consent, pressed) {
    const { purpose, wordingSha256, revision } = consent
    const decision =
      consent.decision === 'given'
        ? { decision: 'withdrawn', pressed }
        : { decision: 'given', wordingSha256, revision, pressed }
    let told
    try {
      const now = await session.callWith('PUT', `/v1/me/consents/${purpose}`, decision)
      told = now.decision === 'given' ? `${now.title}: you will get these e-mails.` : `${now.title}: stopped.`
    } catch (error) {
      const isOther = ['changed_meanwhile', 'consent_wording_changed'].includes(error.code)
      if (!isOther) throw error
      told = `${consent.title}: this was changed meanwhile, and nothing was recorded. Here is how it is now.`
    }
    await showConsents(account)
    tell(told)
    element(`consent-${purpose}`).focus()
  }

  async function showConsents(account) {
    const { consents } = await session.call('/v1/me/consents')
    element('consents').replaceChildren(...consents.map((consent) => consentItem(account, consent)))
  }

  // Requests

  /** Runs what takes a sign-in of the last minutes: where that is too long ago, the person signs in, and presses again. */
  async function withFreshSignIn(label, act) {
    try {
      await act()
    } catch (error) {
      if (error.code !== 'sign_in_again') throw error
      session.remember(AGAIN, label)
      tell('For this you sign in once more …')
      await session.signIn({ isFresh: true })
    }
  }

  /** One request per wish: pressed again after a reply that never came, it finds the first. */
  function keyFor(wish) {
    const keys = session.recall(KEYS) ?? {}
    keys[wish] ??= crypto.randomUUID()
    session.remember(KEYS, keys)
    return {
      headers: { 'idempotency-key': keys[wish] },
      end: () => session.remember(KEYS, { ...keys, [wish]: undefined }),
    }
  }

  async function ask(account, kind, subject) {
    const key = keyFor(`${account.accountId} ${kind} ${subject.type}`)
    try {
      const request = await session.callWith('POST', path(account), { kind, subject }, key.headers)
      tell(
        `${KINDS[kind]}: asked for. It will be answered by ${format.instant(request.dueAt, account.timeZone)}, most often within minutes.`,
      )
    } catch (error) {
      if (error.code !== 'privacy_request_open') throw error
      tell('The same was asked for already and is not done yet: see below.')
    }
    key.end()
    await showRequests(account)
    page.focus('requests-heading')
  }

  function askButton(account, { label, kind, subject, sure }) {
    const press = () => {
      if (sure && !element(sure).checked) {
        element(sure).focus()
        tell('Please tick first that you understand what it means.', true)
        return
      }
      return withFreshSignIn(label, () => ask(account, kind, subject))
    }
    return page.button(label, press, { className: 'even' })
  }

  function offerRequests(me, account) {
    const myself = { type: 'person', email: me.email, scope: 'all_accounts' }
    const isOwner = account.role === 'owner'
    const sure = 'sure-erase'
    const offers = [
      ['copies', { label: 'A copy of my data', kind: 'export', subject: myself }],
      ['erasures', { label: 'Erase my data', kind: 'erasure', subject: myself, sure }],
      ...(isOwner
        ? [
            [
              'copies',
              { label: 'A copy of this account’s data', kind: 'export', subject: { type: 'account' } },
            ],
            [
              'erasures',
              { label: 'Close and erase this account', kind: 'erasure', subject: { type: 'account' }, sure },
            ],
          ]
        : []),
    ]
    for (const [id, offer] of offers) element(id).append(askButton(account, offer))
    show('closing', isOwner)
    if (isOwner) element('closures').append(closeButton(account))
  }

  function closeButton(account) {
    const label = 'Close this account'
    const close = async () => {
      const closed = await session.callWith('POST', `/v1/accounts/${account.accountId}/closure`, {})
      tell(`The account is closed. ${closed.statement}`)
      show('closing', false)
      page.focus('content')
    }
    const press = () => {
      if (element('sure-close').checked) return withFreshSignIn(label, close)
      element('sure-close').focus()
      tell('Please tick first that you understand what it means.', true)
    }
    return page.button(label, press, { className: 'even' })
  }

  function describeStatus(account, request) {
    const { status, dueAt, blockedBy, finishedAt, extension } = request
    if (status === 'done') return `Done on ${format.instant(finishedAt, account.timeZone)}.`
    const due = `To be answered by ${format.instant(dueAt, account.timeZone)}.`
    const extended = extension ? ` Extended: ${extension.reason}` : ''
    return status === 'blocked'
      ? `It waits: ${blockedBy} ${due}${extended}`
      : `It is being worked on. ${due}${extended}`
  }

  function answerTable(answer) {
    const head = ['What', 'Outcome', 'Why', 'Until'].map((name) =>
      make('th', { attributes: { scope: 'col' } }, name),
    )
    const rows = answer.map(({ what, outcome, count, why, until }) => {
      const shown = count === undefined ? OUTCOMES[outcome] : `${OUTCOMES[outcome]} (${count})`
      return make('tr', {}, ...[what, shown, why, until ?? ''].map((text) => make('td', {}, text)))
    })
    return make(
      'details',
      {},
      make('summary', {}, 'The answer'),
      make('table', {}, make('thead', {}, make('tr', {}, ...head)), make('tbody', {}, ...rows)),
    )
  }

  function fetchButton(account, request) {
    const label = 'Fetch the file'
    const fetchFile = async () => {
      const { url } = await session.callWith(
        'POST',
        path(account, `/${request.requestId}/download`),
        undefined,
      )
      tell('Here it is.')
      location.assign(url)
    }
    return make(
      'p',
      { className: 'actions' },
      page.button(label, () => withFreshSignIn(label, fetchFile)),
    )
  }

  function requestItem(account, request) {
    const { kind, subject, receivedAt, answer } = request
    const file = request.export
    const whose = subject.type === 'account' ? 'this account' : (subject.email ?? 'a person')
    return make(
      'li',
      { id: request.requestId, tabIndex: -1 },
      make('h3', {}, `${KINDS[kind]}: ${whose}`),
      make(
        'p',
        { className: 'soft' },
        `Received on ${format.instant(receivedAt, account.timeZone)}. ${describeStatus(account, request)}`,
      ),
      file &&
        make(
          'p',
          { className: 'soft' },
          `It can be fetched until ${format.instant(file.expiresAt, account.timeZone)}.`,
        ),
      file && fetchButton(account, request),
      answer && answerTable(answer),
    )
  }

  async function showRequests(account) {
    const { requests } = await session.call(path(account))
    const newestFirst = [...requests].sort((one, other) => (one.receivedAt < other.receivedAt ? 1 : -1))
    element('requests').replaceChildren(...newestFirst.map((request) => requestItem(account, request)))
    show('requests-shown', requests.length > 0)
  }

  async function start() {
    const opened = await page.open()
    if (!opened) return
    const { me, account } = opened
    element('banners').replaceChildren()
    for (const id of ['copies', 'erasures', 'closures']) element(id).replaceChildren()
    page.showTerms(account)
    await Promise.all([showConsents(account), showRequests(account)])
    offerRequests(me, account)
    show('shown')
    const again = session.recall(AGAIN)
    session.forget(AGAIN)
    tell(again ? `You have signed in again. Please press “${again}” once more.` : '')
    const asked = page.parameters().get('request')
    if (asked && document.getElementById(asked)) page.focus(asked)
  }

  page.start(start)
})()
