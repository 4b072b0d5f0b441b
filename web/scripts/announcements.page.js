/** What staff announce, as banners above what an account's page shows. */
globalThis.announcements = (() => {
  const { make, tell } = page
  const BELOW_THE_BANNER = 1

  const pathOf = (account, { announcementId }, rest = '') =>
    `/v1/accounts/${account.accountId}/announcements/${announcementId}${rest}`

  /** From when to when: in the event's time zone, and in the account's where that is another. */
  function describeTimes(account, { startsAt, endsAt, timeZone }) {
    const zones = timeZone === account.timeZone ? [timeZone] : [timeZone, account.timeZone]
    return zones.map((zone) => format.span(startsAt, endsAt, zone))
  }

  async function downloadEvent({ announcementId, event }) {
    const response = await session.send(event.fileUrl)
    page.saveAs(`${announcementId}.ics`, await response.text(), 'text/calendar')
    tell('The file for your calendar is downloaded.')
  }

  function eventParts(account, announcement, refresh) {
    const { event } = announcement
    const signUp = async () => {
      await session.call(pathOf(account, announcement, '/sign-ups'), { method: 'POST' })
      await refresh(
        `You are signed up for ${announcement.title}. An e-mail confirms it.`,
        announcement.announcementId,
      )
    }
    const cancel = async () => {
      await session.call(pathOf(account, announcement, '/sign-ups'), { method: 'DELETE' })
      await refresh(`You take part in ${announcement.title} no more.`, announcement.announcementId)
    }
    const places = event.placesLeft === undefined ? '' : ` ${event.placesLeft} places are left.`
    const quiet = { className: 'quiet' }
    return [
      ...describeTimes(account, event).map((times) => make('p', {}, times)),
      event.signedUp ? make('p', {}, 'You take part.') : undefined,
      event.link &&
        make('p', {}, 'Join by ', make('a', { href: event.link, rel: 'noopener noreferrer' }, event.link)),
      !event.signedUp && event.takesSignUps && places ? make('p', {}, places) : undefined,
      make(
        'p',
        { className: 'actions' },
        event.signedUp
          ? page.button('Take part no more', cancel, quiet)
          : event.takesSignUps
            ? page.button('Sign up', signUp, quiet)
            : undefined,
        page.button('For your calendar', () => downloadEvent(announcement), quiet),
      ),
    ]
  }

  function bannerOf(account, announcement, refresh) {
    const { title, html, event, dismissible, announcementId } = announcement
    const text = make(
      'div',
      { className: 'text' },
      ...safeHtml.fragment(html, { headingsBelow: BELOW_THE_BANNER }),
    )
    const parts = event ? eventParts(account, announcement, refresh) : []
    const shown = page.banner('news', make('div', {}, make('h2', {}, title), text, ...parts))
    shown.id = announcementId
    shown.tabIndex = -1
    if (dismissible) {
      const dismiss = () =>
        page.run(async () => {
          await session.call(pathOf(account, announcement, '/dismissals'), { method: 'POST' })
          tell(`Put away for good: ${title}`)
        })
      shown.append(page.closeButton(() => shown, `Put away: ${title}`, dismiss))
    }
    return shown
  }

  /** What is announced now, but for what the person has put away; one that a link names comes first in any case. */
  async function readShown(account, asked) {
    const { announcements } = await session.call(`/v1/accounts/${account.accountId}/announcements`)
    const isAsked = ({ announcementId }) => announcementId === asked
    const shown = announcements.filter((announcement) => !announcement.dismissed || isAsked(announcement))
    if (asked === undefined || shown.some(isAsked)) return shown
    const named = await session.call(pathOf(account, { announcementId: asked })).catch((error) => {
      if (error.code !== 'announcement_not_found') throw error
    })
    return named ? [named, ...shown] : shown
  }

  /** The one that the address names. */
  function askedFor() {
    const asked = page.parameters().get('announcement')
    return /^ann_[\w-]{8,40}$/.test(asked ?? '') ? asked : undefined
  }

  /** Shows the banners, and notes that they were read; resolves with what there is to be said of it. */
  async function show(account) {
    const refresh = async (text, announcementId) => {
      await show(account)
      tell(text)
      page.focus(announcementId)
    }
    const asked = askedFor()
    const shown = await readShown(account, asked)
    page
      .element('announcements')
      .replaceChildren(...shown.map((announcement) => bannerOf(account, announcement, refresh)))
    // That it was read is counted for staff: a count that is missed is no reason to trouble the reader.
    for (const announcement of shown.filter(({ read }) => !read))
      session.call(pathOf(account, announcement, '/reads'), { method: 'POST' }).catch(() => undefined)
    const isThere = asked === undefined || shown.some(({ announcementId }) => announcementId === asked)
    return isThere ? '' : 'What this link leads to is not announced any more.'
  }

  /** Puts the reader at the one that the address names. */
  function focusAsked() {
    const asked = askedFor()
    if (asked && document.getElementById(asked)) page.focus(asked)
  }

  return { show, focusAsked }
})()
