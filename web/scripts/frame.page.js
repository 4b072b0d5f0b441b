/** What every page of the portal does: says what happens, opens an account, and shows what waits for its people. */
globalThis.page = (() => {
  const ACCOUNT = 'drawdown.account'
  const DISMISSED = 'drawdown.dismissed'
  const MOST_ACCOUNTS_OF_ME = 100

  const element = (id) => document.getElementById(id)
  const parameters = () => new URLSearchParams(location.search)

  /** An element with its properties and what it holds: texts stay texts. */
  function make(tag, properties = {}, ...children) {
    const { attributes = {}, ...own } = properties
    const made = Object.assign(document.createElement(tag), own)
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
    made.append(...children.filter((child) => child !== undefined))
    return made
  }

  function tell(text, isWrong = false) {
    element('notice').textContent = text
    element('notice').className = isWrong ? 'wrong' : ''
    if (isWrong) element('notice').scrollIntoView({ block: 'nearest' })
  }

  const show = (id, isShown = true) => {
    element(id).hidden = !isShown
  }

  /** Pairs of a name and what it is, without those that are not there. */
  function showFacts(id, facts) {
    const present = facts.filter(([, value]) => value !== undefined)
    element(id).replaceChildren(
      ...present.flatMap(([name, value]) => [make('dt', {}, name), make('dd', {}, value)]),
    )
    element(id).hidden = present.length === 0
  }

  function offerWaysOut({ again, other = false }) {
    show('again', again !== undefined)
    element('again').disabled = false
    element('again').onclick = () => {
      element('again').disabled = true
      run(again, again)
    }
    show('other', other)
    show('ways-out', again !== undefined || other)
  }

  const explain = (error) =>
    error instanceof session.Told ? error.message : 'That did not work. Check your connection and try again.'

  /** Runs a step; what goes wrong is said, with a way on. Resolves with whether it went well. */
  async function run(step, again = () => location.reload()) {
    try {
      offerWaysOut({})
      await step()
      return true
    } catch (error) {
      tell(explain(error), true)
      offerWaysOut({ again, other: error.code === 'account_not_found' })
      return false
    }
  }

  /** A button that cannot be pressed twice at once; its words are given to what it does. */
  function button(label, act, properties = {}) {
    const made = make('button', { type: 'button', ...properties }, label)
    made.onclick = async () => {
      made.disabled = true
      await run(
        () => act(made.textContent),
        () => made.click(),
      )
      made.disabled = false
    }
    return made
  }

  /** Puts the reader where something new begins. */
  function focus(id) {
    element(id).focus()
    element(id).scrollIntoView({ block: 'nearest' })
  }

  /** Hands a text over as a file. */
  function saveAs(name, text, type) {
    const link = make('a', { href: URL.createObjectURL(new Blob([text], { type })), download: name })
    link.click()
    URL.revokeObjectURL(link.href)
  }

  /** A document and its version, whose date does not come apart at a line's end. */
  const titleOf = (title, version) => [`${title}, version `, make('span', { className: 'whole' }, version)]

  const linkTo = (path, account, more = {}) =>
    `${path}?${new URLSearchParams({ account: account.accountId, ...more })}`

  async function listOwn(me) {
    if (me.accounts.length < MOST_ACCOUNTS_OF_ME) return me.accounts
    const all = new Map(me.accounts.map((account) => [account.accountId, account]))
    let cursor
    do {
      const query = new URLSearchParams({ limit: '200', ...(cursor ? { cursor } : {}) })
      const { accounts, nextCursor } = await session.call(`/v1/accounts?${query}`)
      for (const account of accounts)
        all.set(account.accountId, { ...account, ...all.get(account.accountId) })
      cursor = nextCursor
    } while (cursor)
    return [...all.values()]
  }

  /** The account that the address names, else the one of before, else the first. */
  async function chooseAccount(own, asked) {
    const wanted = asked ?? session.recall(ACCOUNT)
    const found = own.find(({ accountId }) => accountId === wanted)
    if (found) return found
    if (asked === null) return own[0]
    if (!/^acc_[\w-]{8,40}$/.test(asked)) throw new session.Told('This link is not whole. Open it again.')
    return session.call(`/v1/accounts/${asked}`)
  }

  function offerAccounts(own, account) {
    show('choose', own.length > 1)
    show('account-name', own.length <= 1)
    const options = own.map(({ accountId, name }) => make('option', { value: accountId }, name))
    element('account').replaceChildren(...options)
    element('account').value = account.accountId
    element('choose').onsubmit = (event) => {
      event.preventDefault()
      location.assign(linkTo(location.pathname, { accountId: element('account').value }))
    }
  }

  function showFrame(me, account) {
    element('account-name').textContent = account.name
    document.title = document.title.replace(/ – .*/, ` – ${account.name}`)
    element('zone').textContent = `Dates and times are those of ${format.zoneName(account.timeZone)}.`
    for (const link of element('pages').querySelectorAll('a')) {
      if (link.getAttribute('href') === location.pathname) link.setAttribute('aria-current', 'page')
      link.href = linkTo(link.getAttribute('href'), account)
    }
    if (isClosed(account)) element('page-home').href = linkTo('/portal', account, { show: 'statement' })
    show('pages')
    element('email').textContent = me.email ?? ''
  }

  const waitingOf = (account) => account.termsWaiting ?? []
  /** Of a document that waits, the versions that may be answered, in the order in which they take effect. */
  const answerableOf = (terms) =>
    terms.inEffect ? [{ ...terms, ...terms.inEffect, inEffect: undefined, newest: terms }, terms] : [terms]
  const announcedOf = (account) => account.termsAnnounced ?? []
  const isClosed = (account) => waitingOf(account).some(({ closed }) => closed)
  const mayAnswer = (account) => ['owner', 'billing'].includes(account.role)

  /** Signs in where nobody is, and opens the account: who the person is and the account; undefined while the browser leaves. */
  async function open() {
    if (!(await session.begin())) return undefined
    const me = await session.call('/v1/me')
    element('email').textContent = me.email ?? ''
    show('person')
    const own = await listOwn(me)
    const account = await chooseAccount(own, parameters().get('account'))
    if (!account) {
      show('ways-out')
      show('again', false)
      tell(`You are signed in as ${me.email}, who is a member of no account. An owner of yours can add you.`)
      return undefined
    }
    session.remember(ACCOUNT, account.accountId)
    offerAccounts(own, account)
    showFrame(me, account)
    return { me, account }
  }

  const banner = (className, ...children) =>
    make('section', { className: `banner ${className}`, attributes: { 'aria-label': 'Notice' } }, ...children)

  /** A banner that can be put away, for this visit or for good. */
  function closeButton(of, label, dismiss) {
    return make(
      'button',
      {
        type: 'button',
        className: 'close',
        attributes: { 'aria-label': label },
        onclick: () => {
          of().remove()
          focus('content')
          dismiss()
        },
      },
      '×',
    )
  }

  const nameOf = ({ document: name, version }) => `${name}@${version}`
  const dismissedTerms = () => session.recall(DISMISSED) ?? []
  const dismissTerms = (names) => session.remember(DISMISSED, [...dismissedTerms(), ...names])

  /** Terms that wait for an answer, and those that come without. */
  function showTerms(account) {
    showWaitingTerms(account)
    for (const terms of announcedOf(account))
      if (!dismissedTerms().includes(nameOf(terms))) showAnnouncedTerms(account, terms)
  }

  /** What comes and needs no answer: told until it is in effect, or put away for the visit. */
  function showAnnouncedTerms(account, terms) {
    const { document: name, version, title, summary, effectiveAt, changesUrl } = terms
    const from = `In effect from ${format.instant(effectiveAt, account.timeZone)}.`
    const todo = terms.class === 'editorial' ? ' You need not do anything.' : ''
    const href = linkTo('/portal/terms', account, { document: name, version })
    const shown = banner(
      '',
      make(
        'div',
        {},
        make('h2', {}, ...titleOf(title, version)),
        make('p', {}, from + todo),
        summary && make('p', {}, `In short: ${summary}`),
        make('p', {}, make('a', { href }, changesUrl ? 'Read what changes' : 'Read it')),
      ),
    )
    shown.append(
      closeButton(
        () => shown,
        `Put away for now: ${title}`,
        () => dismissTerms([nameOf(terms)]),
      ),
    )
    element('banners').append(shown)
  }

  /** What waits for an answer: until it is in effect it can be put away for the visit. */
  function showWaitingTerms(account) {
    const waiting = waitingOf(account).filter(
      (terms) => terms.closed || !dismissedTerms().includes(nameOf(terms)),
    )
    if (waiting.length === 0) return
    const titles = format.list(waiting.map((terms) => answerableOf(terms)[0].title))
    const link = make('a', { href: linkTo('/portal/terms', account) }, 'Read and answer')
    const who = mayAnswer(account) ? '' : ' An owner or billing member of this account answers them.'
    const at = waiting.map(({ requiredAt }) => requiredAt).sort()[0]
    const text = isClosed(account)
      ? `${titles}: an answer is needed before this account can be used again.${who}`
      : `${titles}: please answer by ${format.instant(at, account.timeZone)}.${who}`
    const shown = banner(
      isClosed(account) ? 'grave' : '',
      make('div', {}, make('h2', {}, 'New terms'), make('p', {}, text), make('p', {}, link)),
    )
    if (!isClosed(account)) {
      const dismiss = () => dismissTerms(waiting.map(nameOf))
      shown.append(closeButton(() => shown, 'Put this notice away for now', dismiss))
    }
    element('banners').append(shown)
  }

  function start(step) {
    element('sign-out').onclick = session.signOut
    element('other').onclick = () => {
      session.forgetToken()
      session.forget(ACCOUNT)
      run(() => session.signIn({ isFresh: true }))
    }
    run(step)
  }

  return {
    ...{ element, make, tell, show, showFacts, run, button, focus, parameters, linkTo, titleOf },
    ...{
      open,
      start,
      explain,
      saveAs,
      banner,
      closeButton,
      showTerms,
      isClosed,
      mayAnswer,
      waitingOf,
      announcedOf,
      answerableOf,
    },
  }
})()
