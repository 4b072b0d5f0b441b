/** Amounts and dates as people read them; pure. */
globalThis.format = (() => {
  const LOCALE = 'en-GB'
  const NO_BREAK = '\u00a0'
  /** As wide as a digit, and no browser drops it at a line's end. */
  const FIGURE_SPACE = '\u2007'

  const isZero = ({ amount }) => !/[1-9]/.test(amount)
  const isNegative = ({ amount }) => amount.startsWith('-')

  /** `-1234.5` as `−1,234.5`. */
  function number(amount) {
    const [whole, fraction] = amount.replace('-', '').split('.')
    const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',')
    return `${amount.startsWith('-') ? '−' : ''}${grouped}${fraction === undefined ? '' : `.${fraction}`}`
  }

  const money = ({ amount, currency }) => `${number(amount)}${NO_BREAK}${currency}`
  const signed = ({ amount }) => (/^-/.test(amount) || !/[1-9]/.test(amount) ? '' : '+') + number(amount)

  /** Figures of one column, so that their points stand below each other at the right edge. */
  function align(figures) {
    const widthOf = (figure) => (figure.includes('.') ? figure.length - figure.indexOf('.') : 0)
    const widest = Math.max(0, ...figures.map(widthOf))
    return figures.map((figure) => figure + FIGURE_SPACE.repeat(widest - widthOf(figure)))
  }

  const inZone = (iso, timeZone, options) =>
    new Intl.DateTimeFormat(LOCALE, { timeZone, ...options }).format(new Date(iso))
  const DAY = { day: 'numeric', month: 'long', year: 'numeric' }
  const SHORT_DAY = { day: '2-digit', month: 'short', year: 'numeric' }
  const TIME = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }

  /** `2026-12-01` as `1 December 2026`. */
  const day = (date) => inZone(`${date}T00:00:00Z`, 'UTC', DAY)
  /** `2026-12` as `December 2026`. */
  const month = (period) => inZone(`${period}-01T00:00:00Z`, 'UTC', { month: 'long', year: 'numeric' })
  const zoneName = (timeZone) => timeZone.replaceAll('_', ' ')
  /** The instant on the clocks of a place, which it names. */
  const instant = (iso, timeZone) =>
    `${inZone(iso, timeZone, DAY)}, ${inZone(iso, timeZone, TIME)} (${zoneName(timeZone)})`
  /** From one instant to another; the day is said once. */
  function span(from, to, timeZone) {
    const [begins, ends] = [inZone(from, timeZone, DAY), inZone(to, timeZone, DAY)]
    const end = `${begins === ends ? '' : `${ends}, `}${inZone(to, timeZone, TIME)}`
    return `${begins}, ${inZone(from, timeZone, TIME)} to ${end} (${zoneName(timeZone)})`
  }
  /** An instant in a column whose heading names the place. */
  const shortInstant = (iso, timeZone) =>
    `${inZone(iso, timeZone, SHORT_DAY)}, ${inZone(iso, timeZone, TIME)}`

  /** `a`, `a and b`, `a, b and c`. */
  const list = (words) => new Intl.ListFormat(LOCALE).format(words)

  /** The page that pays exactly this. */
  const topUpLink = (accountId, { amount, currency }) =>
    `/top-up?${new URLSearchParams({ account: accountId, ...(amount ? { amount } : {}), currency })}`

  /** Pages of a statement as one file: each begins with the same line of headings. */
  const joinCsv = (pages) =>
    pages.map((page, index) => (index === 0 ? page : page.slice(page.indexOf('\n') + 1))).join('')

  /** The address of the next page, from a Link header (RFC 8288), below the one that was read. */
  function nextPage(link, read) {
    const target = /<([^>]*)>;\s*rel="?next"?/.exec(link ?? '')?.[1]
    return target === undefined ? undefined : `${read.split('?')[0]}${target}`
  }

  return {
    ...{ isZero, isNegative, money, number, signed, align, list },
    ...{ day, month, instant, span, shortInstant, zoneName, topUpLink, joinCsv, nextPage },
  }
})()
