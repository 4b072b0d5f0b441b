;(() => {
  const { Told, remember, recall, forget, call, callWith } = session
  const TOP_UP = 'drawdown.top-up'
  const POLLS = 60
  const POLL_DELAY_MILLISECONDS = 2000
  const KEY_LIFETIME_MILLISECONDS = 30 * 60 * 1000

  const element = (id) => document.getElementById(id)

  function tell(text, isWrong = false) {
    element('notice').textContent = text
    element('notice').className = isWrong ? 'wrong' : ''
  }

  function showFacts(facts) {
    const rows = facts.flatMap(([name, value]) => {
      const term = document.createElement('dt')
      const definition = document.createElement('dd')
      term.textContent = name
      definition.textContent = value
      return [term, definition]
    })
    element('facts').replaceChildren(...rows)
    element('facts').hidden = facts.length === 0
  }

  function offer(label, act) {
    const button = element('act')
    button.textContent = label
    button.hidden = false
    button.disabled = false
    button.onclick = () => {
      button.disabled = true
      run(act)
    }
  }

  const withdrawOffer = () => {
    element('act').hidden = true
  }

  async function run(step) {
    try {
      await step()
    } catch (error) {
      if (error.code === 'account_not_found') element('other').hidden = false
      tell(
        error instanceof Told ? error.message : 'That did not work. Check your connection and try again.',
        true,
      )
      offer('Try again', start)
    }
  }

  const shown = ({ amount, currency }) => `${amount} ${currency}`

  function readLink() {
    const asked = new URLSearchParams(location.search)
    const account = asked.get('account') ?? ''
    const amount = asked.get('amount') ?? ''
    const currency = asked.get('currency') ?? ''
    const isWhole =
      /^acc_[\w-]{8,40}$/.test(account) &&
      /^(\d{1,13}(\.\d{1,6})?)?$/.test(amount) &&
      /^[A-Z]{3}$/.test(currency)
    if (!isWhole) throw new Told('This link is not whole. Open the one in your e-mail again.')
    return { account, amount, currency, isCardSaved: asked.get('card') === 'saved' }
  }

  async function showAccount(accountId) {
    const [account, balance] = await Promise.all([
      call(`/v1/accounts/${accountId}`),
      call(`/v1/accounts/${accountId}/balance`),
    ])
    element('portal').href = `/portal?${new URLSearchParams({ account: accountId })}`
    element('portal').hidden = false
    return [
      ['Account', account.name],
      ['Credit now', shown(balance.available)],
      ...(balance.owed ? [['Owed, paid first', shown(balance.owed)]] : []),
    ]
  }

  /** The same link pays once: a reload, or a second click, finds the top-up that the first one made. */
  function keyFor(link) {
    const kept = recall(TOP_UP)
    const made = JSON.stringify(link)
    if (kept?.made === made && kept.at > Date.now() - KEY_LIFETIME_MILLISECONDS) return kept.key
    const key = crypto.randomUUID()
    remember(TOP_UP, { made, key, at: Date.now() })
    return key
  }

  async function pay(link) {
    const { account, amount, currency } = link
    const key = { 'idempotency-key': keyFor(link) }
    const topUp = await callWith('POST', `/v1/accounts/${account}/top-ups`, { amount, currency }, key)
    if (topUp.status === 'settled') return finishPayment(account, topUp)
    goToPayment(topUp)
  }

  function goToPayment({ paymentUrl }) {
    const address = URL.canParse(paymentUrl) ? new URL(paymentUrl) : undefined
    if (!address || !['https:', 'http:'].includes(address.protocol)) {
      forget(TOP_UP)
      throw new Told('There is no payment page for this top-up any more.')
    }
    location.assign(address.href)
  }

  async function offerTopUp(link) {
    const facts = await showAccount(link.account)
    if (link.amount === '') {
      showFacts(facts)
      return link.isCardSaved ? offerAfterCard(link) : askAmount(link)
    }
    showFacts([...facts, ['Top-up', shown(link)]])
    tell('The amount is the one that your link names.')
    offer(`Pay ${shown(link)}`, () => pay(link))
  }

  /** What the page that a card was saved on comes back to: nobody has asked to pay. */
  function offerAfterCard(link) {
    tell('Your card is saved. You may close this page.')
    offer('Top up now', () => askAmount(link))
  }

  /** A link that names no amount leaves it to the person. */
  function askAmount(link) {
    tell('How much would you like to top up?')
    element('currency').textContent = link.currency
    element('ask').hidden = false
    offer('Continue to payment', async () => {
      const amount = element('amount').value.trim()
      if (!/^(0|[1-9]\d{0,12})(\.\d{1,6})?$/.test(amount)) {
        tell('Enter an amount such as 50.00, with a point before the cents.', true)
        element('act').disabled = false
        return
      }
      await pay({ ...link, amount })
    })
  }

  /** What a payment page sends back to: `?account=…&topUp=…&result=paid` or `cancelled`. */
  function readReturn(asked) {
    const account = asked.get('account') ?? ''
    const topUpId = asked.get('topUp') ?? ''
    if (!/^acc_[\w-]{8,40}$/.test(account) || !/^top_[\w-]{22}$/.test(topUpId)) {
      throw new Told('This link is not whole. Open the one in your e-mail again.')
    }
    return { account, topUpId, isCancelled: asked.get('result') === 'cancelled' }
  }

  const isOpen = ({ status }) => status === 'created' || status === 'processing'

  async function followPayment({ account, topUpId, isCancelled }) {
    withdrawOffer()
    const read = () => call(`/v1/accounts/${account}/top-ups/${topUpId}`)
    const first = await read()
    if (isCancelled && isOpen(first)) return offerAgain(account, first)
    tell('Waiting for the payment to be confirmed …')
    let topUp = first
    for (let poll = 0; isOpen(topUp) && poll < POLLS; poll++) {
      await new Promise((wake) => setTimeout(wake, POLL_DELAY_MILLISECONDS))
      topUp = await read()
    }
    if (!isOpen(topUp)) return finishPayment(account, topUp)
    tell('The payment is not confirmed yet. Your credit rises as soon as it is; you may close this page.')
    offer('Look again', () => followPayment({ account, topUpId }))
  }

  async function offerAgain(account, topUp) {
    showFacts([...(await showAccount(account)), ['Top-up', shown(topUp.amount)]])
    tell('You left the payment page before paying. Nothing was taken.')
    offer(`Pay ${shown(topUp.amount)}`, () => goToPayment(topUp))
  }

  const ENDINGS = {
    settled: 'Thank you. The payment is in your credit.',
    failed: 'The payment did not go through. Nothing was taken from your card.',
    expired: 'The payment page has expired before anything was paid. Open the link in your e-mail again.',
    mismatched: 'The payment is not what was asked for. We are looking at it and will be in touch.',
  }

  async function finishPayment(account, topUp) {
    forget(TOP_UP)
    withdrawOffer()
    showFacts([...(await showAccount(account)), ['Top-up', shown(topUp.amount)]])
    tell(ENDINGS[topUp.status] ?? '', topUp.status !== 'settled')
  }

  async function start() {
    element('other').hidden = true
    if (await session.finishSignIn()) return
    const link = new URLSearchParams(location.search)
    const step = link.has('topUp')
      ? followPayment.bind(null, readReturn(link))
      : offerTopUp.bind(null, readLink())
    if (!session.isSignedIn()) return session.signIn()
    await step()
  }

  element('other').onclick = () => {
    session.forgetToken()
    run(() => session.signIn({ isFresh: true }))
  }
  run(start)
})()
