;(() => {
  const { element, make, tell, show, linkTo } = page
  const SAID = 'drawdown.said'
  const BELOW_THE_SECTION = 1
  const DECISIONS = { accepted: 'Accepted', declined: 'Declined', acknowledged: 'Acknowledged' }
  const PRESSED = {
    statement: [['acknowledged', 'I have read this', '']],
    agreement: [
      ['accepted', 'I accept these terms', ''],
      ['declined', 'I decline these terms', 'even'],
    ],
  }

  const concerns = (version, account) =>
    version.clientTypes.length === 0 || version.clientTypes.includes(account.clientType)
  const readLink = (account, { document: name, version }, words) =>
    make('a', { href: linkTo('/portal/terms', account, { document: name, version }) }, ...[words].flat())
  const readVersions = async (name) => (await session.call(`/v1/terms/${encodeURIComponent(name)}`)).versions
  const readAnswers = async (account) =>
    page.mayAnswer(account)
      ? (await session.call(`/v1/accounts/${account.accountId}/terms-acceptances`)).acceptances
      : []

  async function readHtml(address) {
    const response = await session.send(address, { headers: { accept: 'text/html' } })
    return safeHtml.contentOf(await response.text(), { headingsBelow: BELOW_THE_SECTION })
  }

  /** A version's texts: the one that binds, then its translations. */
  const textsOf = (version) => [
    { ...version, url: `${version.url}?language=${version.language}` },
    ...version.translations,
  ]

  /** Of what may be answered: why, and by when; of two versions, what each of them is for. */
  function describeWaiting(account, { kind, requiredAt, closed, effectiveAt, newest, inEffect }) {
    if (kind === 'app_terms')
      return 'You agreed to an earlier version. Answer this one if you go on using the app.'
    const at = format.instant(requiredAt, account.timeZone)
    const from = format.instant(effectiveAt, account.timeZone)
    const verb = kind === 'statement' ? 'acknowledge' : 'answer'
    if (newest) return `In effect since ${from}: until it is answered this account stays closed to you.`
    if (inEffect) {
      const [does, again] = kind === 'statement' ? ['acknowledges', 'acknowledge'] : ['accepts', 'accept']
      return `Takes effect on ${from}. Whoever ${does} it now need not ${again} version ${inEffect.version} as well.`
    }
    return closed
      ? `In effect since ${at}: without an answer this account stays closed to you.`
      : `Please ${verb} by ${at}.`
  }

  const answerTo = (answers, { document: name, version }) =>
    answers.find((answer) => answer.document === name && answer.version === version)

  /** What was declined and may still be accepted. */
  const describeDeclined = (account, given) =>
    given
      ? `Declined on ${format.instant(given.at, account.timeZone)} by ${given.person.email}; it can still be accepted. `
      : ''

  function showWaiting(account, answers) {
    const waiting = page.waitingOf(account).flatMap(page.answerableOf)
    show('waiting', waiting.length > 0)
    element('waiting-list').replaceChildren(
      ...waiting.map((terms) =>
        make(
          'li',
          {},
          make('h3', {}, ...page.titleOf(terms.title, terms.version)),
          make(
            'p',
            {},
            describeDeclined(account, answerTo(answers, terms)) + describeWaiting(account, terms),
          ),
          make('p', {}, readLink(account, terms, 'Read and answer')),
        ),
      ),
    )
    show('open', page.isClosed(account))
    element('open-list').replaceChildren(
      make(
        'li',
        {},
        make('a', { href: linkTo('/portal', account, { show: 'statement' }) }, 'Balance and transactions'),
        ', also as a file',
      ),
      make(
        'li',
        {},
        make('a', { href: linkTo('/portal/privacy', account) }, 'Your data'),
        ': a copy, erasure, closing the account, and the e-mails you want',
      ),
      make('li', {}, 'Signing out, above'),
    )
  }

  /** Of each document the newest version that concerns the account. */
  async function readDocuments(account) {
    const { documents } = await session.call('/v1/terms?limit=200')
    const newest = documents.map(async (version) =>
      concerns(version, account)
        ? version
        : (await readVersions(version.document)).find((earlier) => concerns(earlier, account)),
    )
    return (await Promise.all(newest)).filter(Boolean)
  }

  function showDocuments(account, documents) {
    const items = documents.map((version) => {
      const from = `in effect from ${format.instant(version.effectiveAt, account.timeZone)}`
      return make(
        'li',
        {},
        readLink(account, version, page.titleOf(version.title, version.version)),
        make('span', { className: 'soft' }, ` – ${from}`),
      )
    })
    element('documents').replaceChildren(...(items.length > 0 ? items : [make('li', {}, 'There are none.')]))
  }

  const fact = (name, value) => (value === undefined ? [] : [make('dt', {}, name), make('dd', {}, value)])

  function showAnswer(account, titles, answer) {
    const { decision, document: name, version, at, person, pressed, language, signIn } = answer
    const what = page.titleOf(titles.get(name) ?? name, version)
    const evidence = make(
      'dl',
      { className: 'facts long' },
      ...fact('Pressed', `“${pressed}”`),
      ...fact('Language of the text', language),
      ...fact('SHA-256 of the text', make('span', { className: 'hash' }, answer.textSha256)),
      ...fact('IP address', answer.sourceIp),
      ...fact('Browser', answer.userAgent),
      ...fact('Signed in', signIn?.at && format.instant(signIn.at, account.timeZone)),
      ...fact('Signed in at', signIn?.issuer),
    )
    return make(
      'li',
      {},
      make('p', {}, make('strong', {}, `${DECISIONS[decision]}: `), readLink(account, answer, what)),
      make(
        'p',
        { className: 'soft' },
        `${format.instant(at, account.timeZone)}, by ${person.email} (${person.role})`,
      ),
      make('details', {}, make('summary', {}, 'Evidence'), evidence),
    )
  }

  async function showOverview(account) {
    const [documents, answers] = await Promise.all([readDocuments(account), readAnswers(account)])
    showWaiting(account, answers)
    showDocuments(account, documents)
    const titles = new Map(documents.map(({ document: name, title }) => [name, title]))
    const newestFirst = [...answers].sort((one, other) => (one.at < other.at ? 1 : -1))
    element('answers').replaceChildren(...newestFirst.map((answer) => showAnswer(account, titles, answer)))
    show('answers-given', answers.length > 0)
    show('overview')
  }

  function showLanguages(account, version, shown) {
    const texts = textsOf(version)
    show('reading-languages', texts.length > 1)
    const links = texts.map(({ language }) => {
      const name = new Intl.DisplayNames('en', { type: 'language' }).of(language)
      const where = { document: version.document, version: version.version, language }
      const href = linkTo('/portal/terms', account, where)
      const current = language === shown.language ? { attributes: { 'aria-current': 'true' } } : {}
      return make('a', { href, lang: language, ...current }, name)
    })
    const spaced = links.flatMap((link, index) => (index === 0 ? [link] : [' · ', link]))
    element('reading-languages').replaceChildren('Language: ', ...spaced)
  }

  function showFacts(account, version, shown) {
    element('reading-heading').replaceChildren(...page.titleOf(shown.title, version.version))
    const binding = shown.language === version.language ? '' : ' This is a translation; the original binds.'
    element('reading-facts').textContent =
      `In effect from ${format.instant(version.effectiveAt, account.timeZone)}.${binding}`
    element('reading-summary').textContent = shown.summary ? `In short: ${shown.summary}` : ''
    element('hash').textContent = shown.textSha256
    showLanguages(account, version, shown)
  }

  /** What it changes: in what was accepted last, or else in the version before it. */
  async function showChanges(version, versions, shown, { waiting, announced }) {
    const told = waiting ?? announced
    const before = versions.find(({ number }) => number === version.number - 1)?.version
    const since = new URLSearchParams(told?.changesUrl?.split('?')[1] ?? '').get('since')
    const earlier = since ?? before
    show('changes', earlier !== undefined)
    if (earlier === undefined) return
    const address = `${version.url}/changes?${new URLSearchParams({ since: earlier, language: shown.language })}`
    // Without it the text can be read and answered all the same.
    const content = await readHtml(address).catch(() => undefined)
    element('changes-text').replaceChildren(
      ...(content ?? ['This cannot be shown now. Please read the whole text.']),
    )
    element('changes-text').lang = content ? shown.language : 'en'
    const accepted = waiting?.changesUrl ? ', which was answered last' : ''
    element('changes-title').textContent = `What changes since version ${earlier}${accepted}`
    element('changes').open = told !== undefined
  }

  /** What each refusal asks of the reader; the rest is told as it came. */
  const REFUSED = {
    terms_version_superseded: [
      'A newer version was published while you were reading. Nothing was recorded: please read the new one and answer that.',
      'Read the newest version',
    ],
    terms_already_accepted: [
      'You have accepted this version already, and it stays accepted. Nothing new was recorded.',
      'See the answers given',
    ],
    changed_meanwhile: [
      'Your role in this account was changed while you were reading. Nothing was recorded; open this page again to see what you may do.',
      'Open the page again',
    ],
    role_not_allowed: [
      'Your role in this account does not let you answer. Nothing was recorded; an owner or billing member answers.',
      'Open the page again',
    ],
  }

  function showRefusal(account, { code }, name) {
    const [text, way] = REFUSED[code]
    const isSuperseded = code === 'terms_version_superseded'
    const href =
      code === 'terms_already_accepted'
        ? linkTo('/portal/terms', account)
        : linkTo('/portal/terms', account, { document: name, ...(isSuperseded ? {} : currentVersion()) })
    element('answer-notice').textContent = text
    element('answer-notice').className = 'wrong'
    element('answer-buttons').replaceChildren(make('a', { className: 'button', href }, way))
  }

  function currentVersion() {
    const version = page.parameters().get('version')
    return version === null ? {} : { version }
  }

  async function give(account, version, shown, { decision, pressed }) {
    const { document: name } = version
    const { language, textSha256 } = shown
    const answer = { document: name, version: version.version, language, textSha256, decision, pressed }
    try {
      const kept = await session.callWith(
        'POST',
        `/v1/accounts/${account.accountId}/terms-acceptances`,
        answer,
      )
      const at = format.instant(kept.at, account.timeZone)
      session.remember(
        SAID,
        `${DECISIONS[kept.decision]}: ${shown.title}, version ${kept.version}, on ${at}.`,
      )
      location.assign(linkTo('/portal/terms', account))
    } catch (error) {
      if (!REFUSED[error.code]) throw error
      showRefusal(account, error, name)
    }
  }

  /** The ways to what else may be answered. */
  function linkOthers(account, others) {
    if (others.length === 1 && !others[0].newest && !others[0].inEffect)
      return [readLink(account, others[0], 'Read the newest version')]
    return others.map((terms) => {
      const when = terms.newest ? 'which is in effect' : 'which takes effect later'
      return readLink(account, terms, `Read version ${terms.version}, ${when}`)
    })
  }

  function offerAnswer(account, version, shown, { answerable, answers }) {
    const waiting = answerable.find((terms) => terms.version === version.version)
    const others = answerable.filter((terms) => terms !== waiting)
    const given = answerTo(answers, version)
    show('answer', answerable.length > 0 || given !== undefined)
    show('to-answer', waiting !== undefined)
    element('answer-notice').className = ''
    element('answer-buttons').replaceChildren(...linkOthers(account, others))
    if (!waiting) {
      element('answer-notice').textContent = given
        ? `${DECISIONS[given.decision]} on ${format.instant(given.at, account.timeZone)} by ${given.person.email}.`
        : 'A newer version waits for your answer.'
      return
    }
    element('answer-notice').textContent =
      describeDeclined(account, given) + describeWaiting(account, waiting)
    if (!page.mayAnswer(account)) {
      element('answer-notice').textContent +=
        ' An owner or billing member of this account answers; your role here only reads.'
      return
    }
    const buttons = (PRESSED[version.kind] ?? PRESSED.agreement).map(([decision, words, className]) =>
      page.button(words, (pressed) => give(account, version, shown, { decision, pressed }), { className }),
    )
    element('answer-buttons').prepend(...buttons)
  }

  /** An app's newest terms close nothing and are in no list of what waits: who agreed to earlier ones may answer them here. */
  const isOfAppInUse = (version, versions, answers) =>
    version.kind === 'app_terms' &&
    version === versions[0] &&
    answers.some((answer) => answer.document === version.document && answer.decision === 'accepted') &&
    !answerTo(answers, version)

  async function showDocument(account, asked) {
    const versions = await readVersions(asked.document)
    const isAsked = ({ document: name }) => name === asked.document
    const answerable = page.waitingOf(account).filter(isAsked).flatMap(page.answerableOf)
    const version = asked.version
      ? versions.find((one) => one.version === asked.version)
      : versions.find((one) => concerns(one, account))
    if (!version) throw new session.Told('There is no such version of this document.')
    const texts = textsOf(version)
    const shown = texts.find(({ language }) => language === asked.language) ?? texts[0]
    const isShown = (terms) => terms.version === version.version
    const waiting = answerable.find(isShown)
    const announced = page.announcedOf(account).filter(isAsked).find(isShown)
    const [content, answers] = await Promise.all([
      readHtml(shown.url),
      readAnswers(account),
      showChanges(version, versions, shown, { waiting, announced }),
    ])
    element('text').replaceChildren(...content)
    element('text').lang = shown.language
    showFacts(account, version, shown)
    const ofApp = isOfAppInUse(version, versions, answers) ? [version] : []
    offerAnswer(account, version, shown, { answerable: [...answerable, ...ofApp], answers })
    element('all-documents').href = linkTo('/portal/terms', account)
    show('reading')
  }

  async function start() {
    const opened = await page.open()
    if (!opened) return
    const { account } = opened
    const { document: name, version, language } = Object.fromEntries(page.parameters())
    if (name) await showDocument(account, { document: name, version, language })
    else await showOverview(account)
    show('shown')
    if (name) page.focus('reading-heading')
    tell(session.recall(SAID) ?? '')
    session.forget(SAID)
  }

  page.start(start)
})()
