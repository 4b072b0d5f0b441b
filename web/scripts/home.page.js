;(() => {
  const { element, make, tell, show, showFacts } = page
  const LINES_PER_PAGE = 20
  const LINES_PER_FILE_PAGE = 200
  const RAN_OUT = {
    usage: 'Usage takes the last of it then.',
    plan_charge: 'The plan’s charge of that day is not covered.',
  }

  const path = (account, rest) => `/v1/accounts/${account.accountId}${rest}`
  const moneyUnlessZero = (money) => (money && !format.isZero(money) ? format.money(money) : undefined)

  function describeRunway({ lasts, date }) {
    if (lasts === 'unknown') return 'nothing takes it at present'
    return lasts === 'beyond' ? `beyond ${format.day(date)}` : format.day(date)
  }

  /** Why it ends there, and what that follows from. */
  function describeBasis({ endedBy, basis }) {
    const reckoned = `Reckoned from ${basis.replace(/\d{4}-\d{2}-\d{2}/g, format.day)}.`
    return RAN_OUT[endedBy] ? `${RAN_OUT[endedBy]} ${reckoned}` : reckoned
  }

  function showCredit(account, balance) {
    const { available, held, ringFenced, owed, nextExpiry, outlook } = balance
    element('available').replaceChildren(
      format.number(available.amount),
      make('span', { className: 'unit' }, ` ${available.currency}`),
    )
    showFacts('credit', [
      ['Held', format.money(held)],
      [
        ringFenced && `of it for the plan of ${format.month(ringFenced.period)}`,
        ringFenced && format.money(ringFenced.amount),
      ],
      ['Owed, paid first', moneyUnlessZero(owed)],
      [
        nextExpiry && `Expires unused after ${format.day(nextExpiry.lastDay)}`,
        nextExpiry && format.money(nextExpiry.amount),
      ],
      ['Lasts until', describeRunway(outlook.runway)],
    ])
    element('basis').textContent = describeBasis(outlook.runway)
    const isOpen = balance.status !== 'closed' && !page.isClosed(account)
    show('top-up', isOpen)
    element('top-up').href = format.topUpLink(account.accountId, { currency: available.currency })
    // Where an amount is missing, the button that names it stands out.
    element('top-up').classList.toggle('even', outlook.topUp !== undefined)
  }

  const topUpButton = (account, money, className = '') =>
    make(
      'a',
      { className: `button ${className}`, href: format.topUpLink(account.accountId, money) },
      `Top up ${format.money(money)}`,
    )

  function showStanding(account, plan) {
    if (plan.status === 'paid' && plan.stopped.length === 0) return element('standing').replaceChildren()
    const months = format.list(plan.owedPeriods.map(format.month))
    const stopped = plan.stopped.map(({ service, since }) => `${service} (since ${format.day(since)})`)
    const texts = [
      plan.status === 'short' && `${format.money(plan.owed)} is owed for ${months}.`,
      plan.stopsOn &&
        `Everything runs until ${format.instant(plan.graceEndsAt, account.timeZone)}. Then services stop.`,
      stopped.length > 0 && `Stopped for lack of credit: ${format.list(stopped)}.`,
      !format.isZero(plan.shortfall) &&
        `${format.money(plan.shortfall)} more credit pays what is owed and lets everything run.`,
    ]
    const shown = texts.filter(Boolean).map((text) => make('p', {}, text))
    const isOpen = plan.topUp && !page.isClosed(account)
    if (isOpen) shown.push(make('p', { className: 'actions' }, topUpButton(account, plan.topUp)))
    element('standing').replaceChildren(page.banner('grave', make('div', {}, ...shown)))
  }

  function showCoverage(account, { plan, upcomingCharge, outlook }) {
    const { projectedShortfall, topUp, note } = outlook
    const place = element('coverage')
    const said = note && make('span', {}, ` ${note.text}`)
    if (format.isZero(projectedShortfall ?? upcomingCharge.shortfall)) {
      const covered = make('span', { className: 'covered' }, 'Your credit covers it.')
      return place.replaceChildren(covered, ...(note && note.kind !== 'covered' ? [said] : []))
    }
    const today = format.isZero(upcomingCharge.shortfall)
      ? ' Today’s credit would cover it; usage until then is expected to take the rest.'
      : ` With today’s credit it would be ${format.money(upcomingCharge.shortfall)}.`
    const missing = make('strong', {}, `${format.money(projectedShortfall)} will be missing by then.`)
    const shown = [missing, today, ...(note?.kind === 'automatic_top_up_expected' ? [said] : [])]
    place.replaceChildren(...shown)
    // What is owed already is more urgent.
    const className = plan?.status === 'short' ? 'even' : ''
    if (topUp && !page.isClosed(account))
      place.append(make('span', { className: 'actions' }, topUpButton(account, topUp, className)))
  }

  function showPlan(account, balance, charge) {
    const { plan, upcomingCharge: next } = balance
    show('plan', plan !== undefined || next !== undefined)
    if (plan) showStanding(account, plan)
    show('coverage', next !== undefined)
    if (!next) return
    showFacts('charge', [
      ['Plan', charge?.planName],
      ['Next charge', format.day(next.date)],
      ['For', format.month(next.period)],
      ['Amount', format.money(next.total)],
      ['Owed from before, paid first', moneyUnlessZero(next.owed)],
    ])
    showCoverage(account, balance)
    if (charge) showChargeLines(charge)
  }

  function showChargeLines({ lines, total }) {
    const amounts = format.align([
      ...lines.map(({ amount }) => format.number(amount.amount)),
      format.number(total.amount),
    ])
    const cells = ['Service', 'Quantity', `Amount in ${total.currency}`].map((name, index) =>
      make('th', { className: index === 0 ? '' : 'amount', attributes: { scope: 'col' } }, name),
    )
    const rows = lines.map(({ name, quantity }, index) =>
      row(['', name], ['amount', String(quantity)], ['amount', amounts[index]]),
    )
    rows.push(
      row(['', make('strong', {}, 'In all')], ['', ''], ['amount', make('strong', {}, amounts.at(-1))]),
    )
    const table = element('charge-lines').querySelector('table')
    table.tHead.replaceChildren(make('tr', {}, ...cells))
    table.tBodies[0].replaceChildren(...rows)
    show('charge-lines')
  }

  const row = (...cells) =>
    make('tr', {}, ...cells.map(([className, content]) => make('td', { className }, content)))

  /** A table that is laid out otherwise on a phone stays a table to a screen reader. */
  function keepRoles(table) {
    const roles = {
      TABLE: 'table',
      THEAD: 'rowgroup',
      TBODY: 'rowgroup',
      TR: 'row',
      TH: 'columnheader',
      TD: 'cell',
    }
    for (const part of [table, ...table.querySelectorAll('thead, tbody, tr, th, td')])
      part.setAttribute('role', roles[part.tagName])
  }

  let lines = []
  function showLines(account) {
    const amounts = format.align(lines.map(({ amount }) => format.signed(amount)))
    const balances = format.align(lines.map(({ balanceAfter }) => format.number(balanceAfter.amount)))
    const rows = lines.map((line, index) =>
      row(
        ['when', make('time', { dateTime: line.at }, format.shortInstant(line.at, account.timeZone))],
        ['what', line.description],
        [`amount${/^\+/.test(amounts[index]) ? ' in' : ''}`, amounts[index]],
        ['amount balance', balances[index]],
      ),
    )
    element('lines').replaceChildren(...rows)
    const table = element('lines').closest('table')
    keepRoles(table)
    table.hidden = lines.length === 0
    show('no-lines', lines.length === 0)
    show('download', lines.length > 0)
  }

  async function readLines(account, cursor) {
    const query = new URLSearchParams({ limit: String(LINES_PER_PAGE), ...(cursor ? { cursor } : {}) })
    return session.call(path(account, `/transactions?${query}`))
  }

  function takeLines(account, { transactions, nextCursor }) {
    const firstNew = lines.length
    lines = [...lines, ...transactions]
    showLines(account)
    show('older', nextCursor !== undefined)
    element('older').onclick = () => {
      element('older').disabled = true
      page
        .run(async () => {
          takeLines(account, await readLines(account, nextCursor))
          tell(`Showing ${lines.length} transactions.`)
        })
        .then(() => {
          element('older').disabled = false
        })
    }
    // A keyboard goes on where the new lines begin.
    if (firstNew > 0 && transactions.length > 0) {
      const first = element('lines').rows[firstNew]
      first.tabIndex = -1
      first.focus()
    }
  }

  function showLinesHead(account, currency) {
    element('lines-zone').textContent =
      `Newest first; amounts in ${currency}, times of ${format.zoneName(account.timeZone)}`
    const names = [
      ['', 'Date and time'],
      ['', 'What'],
      ['amount', 'Amount'],
      ['amount', 'Credit after it'],
    ]
    const cells = names.map(([className, name]) =>
      make('th', { className, attributes: { scope: 'col' } }, name),
    )
    element('lines')
      .closest('table')
      .tHead.replaceChildren(make('tr', {}, ...cells))
  }

  /** The whole statement as one file: the pages that the API names one after the other. */
  async function download(account) {
    const pages = []
    let address = path(account, `/transactions?limit=${LINES_PER_FILE_PAGE}`)
    while (address !== undefined) {
      tell(`Preparing the file: ${pages.length * LINES_PER_FILE_PAGE} lines read …`)
      const response = await session.send(address, { headers: { accept: 'text/csv' } })
      pages.push(await response.text())
      address = format.nextPage(response.headers.get('link'), address)
    }
    page.saveAs(`${account.accountId}.csv`, format.joinCsv(pages), 'text/csv')
    tell('The file is downloaded.')
  }

  const STATUS = {
    parked:
      'This account is parked: nothing can be taken from it until it has been looked at. Top-ups are still credited.',
    closed: 'This account is closed: nothing moves on it any more.',
  }

  function showStatus({ status }) {
    if (STATUS[status])
      element('banners').append(page.banner('grave', make('div', {}, make('p', {}, STATUS[status]))))
  }

  async function start() {
    const opened = await page.open()
    if (!opened) return
    const { account } = opened
    const isStatement = page.parameters().get('show') === 'statement'
    if (page.isClosed(account) && !isStatement) return location.replace(page.linkTo('/portal/terms', account))
    const [balance, first] = await Promise.all([session.call(path(account, '/balance')), readLines(account)])
    const charge =
      balance.upcomingCharge && (await session.call(path(account, '/upcoming-charge')).catch(() => undefined))
    element('banners').replaceChildren()
    page.showTerms(account)
    showStatus(balance)
    showCredit(account, balance)
    showPlan(account, balance, charge)
    showLinesHead(account, balance.currency)
    lines = []
    takeLines(account, first)
    element('download').onclick = () => {
      element('download').disabled = true
      page
        .run(() => download(account))
        .then(() => {
          element('download').disabled = false
        })
    }
    // Staff who look at an account are announced nothing.
    const said = account.role ? await announcements.show(account).catch(page.explain) : ''
    show('shown')
    tell(said)
    if (account.role) announcements.focusAsked()
  }

  page.start(start)
})()
