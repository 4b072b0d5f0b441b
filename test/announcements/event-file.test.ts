import { describe, expect, it } from 'vitest'
import type { Announcement } from '../../functions/announcements/announcement.ts'
import { renderEventFile, showTimes } from '../../functions/announcements/event-file.ts'

const announcement: Announcement = {
  ...{ announcementId: 'ann_test000001', kind: 'webinar', audience: 'service', clientTypes: [] },
  ...{ title: 'Billing; what is new, and “why”', text: 'First line\nsecond \\ line\nBEGIN:VALARM' },
  ...{ dismissible: true, status: 'published', revision: 1n, sequence: 0n, requestHash: 'h' },
  ...{ createdAt: '2026-12-01T08:00:00.000Z', createdBy: 'x', changedBy: 'x' },
  changedAt: '2026-12-01T08:00:00.000Z',
  event: {
    ...{ startsAt: '2026-12-10T13:00:00.000Z', endsAt: '2026-12-10T14:00:00.000Z' },
    ...{ timeZone: 'Europe/Berlin', link: 'https://meet.example.com/x?a=1,2;3' },
  },
}
const render = (more: Partial<Announcement> = {}, showsLink = true) =>
  renderEventFile({ ...announcement, ...more }, { organizer: 'billing@example.com', showsLink })!

/** As RFC 5545 reads it: unfolded lines, name with its parameters and value; escaped text as it was. */
function parse(file: string): [string, string][] {
  return file
    .replaceAll('\r\n ', '')
    .split('\r\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [, name = '', value = ''] = /^((?:[^":;]|"[^"]*"|;)+):(.*)$/.exec(line) ?? []
      return [name, value.replace(/\\([\\;,nN])/g, (_, sign: string) => (/n/i.test(sign) ? '\n' : sign))]
    })
}
const textOf = (file: string, name: string) =>
  parse(file).find(([found]) => found === name || found.startsWith(`${name};`))?.[1]

describe('the file for a calendar', () => {
  it('has its times in UTC, which every calendar shows in its own local time', () => {
    const file = render()
    expect([textOf(file, 'DTSTART'), textOf(file, 'DTEND')]).toEqual(['20261210T130000Z', '20261210T140000Z'])
    expect(textOf(file, 'DTSTAMP')).toBe('20261201T080000Z')
    expect(file).not.toMatch(/TZID|VTIMEZONE/)
  })

  it('says what is written, as text and nothing else, in lines of 75 octets at most', () => {
    const file = render({ text: `${announcement.text}${'–ü'.repeat(300)}` })
    expect(textOf(file, 'SUMMARY')).toBe(announcement.title)
    expect(textOf(file, 'DESCRIPTION')).toBe(
      `2026-12-10 14:00 to 15:00 (Europe/Berlin)\n\n${announcement.text}${'–ü'.repeat(300)}`,
    )
    expect(parse(file).filter(([name]) => name === 'BEGIN')).toEqual([
      ['BEGIN', 'VCALENDAR'],
      ['BEGIN', 'VEVENT'],
    ])
    for (const line of file.split('\r\n')) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75)
    expect(file.replaceAll('\r\n', '')).not.toContain('\n')
    expect(file.endsWith('\r\nEND:VCALENDAR\r\n')).toBe(true)
  })

  it('keeps its UID and counts its changes; one that is withdrawn is cancelled', () => {
    const [first, changed] = [render(), render({ sequence: 1n })]
    const withdrawn = render({ sequence: 2n, status: 'withdrawn' })
    const of = (name: string) => [first, changed, withdrawn].map((file) => textOf(file, name))
    expect(new Set(of('UID'))).toEqual(new Set(['ann_test000001@drawdown']))
    expect(of('SEQUENCE')).toEqual(['0', '1', '2'])
    expect(of('METHOD')).toEqual(['PUBLISH', 'PUBLISH', 'CANCEL'])
    expect(of('STATUS')).toEqual(['CONFIRMED', 'CONFIRMED', 'CANCELLED'])
    expect(of('ORGANIZER')).toEqual(Array(3).fill('mailto:billing@example.com'))
  })

  it('names the link to whoever may join, and nobody else', () => {
    expect(textOf(render(), 'LOCATION')).toBe(announcement.event!.link)
    expect(render({}, false)).not.toContain('meet.example.com')
  })
})

describe('times for people', () => {
  it('are local, with both days where it goes over midnight', () => {
    const event = { startsAt: '2026-10-25T00:30:00.000Z', endsAt: '2026-10-25T01:30:00.000Z' }
    // The hour in which clocks go back.
    expect(showTimes(event, 'Europe/Berlin')).toBe('2026-10-25 02:30 to 02:30 (Europe/Berlin)')
    expect(showTimes(event, 'America/New_York')).toBe('2026-10-24 20:30 to 21:30 (America/New_York)')
    expect(showTimes(event, 'Asia/Kolkata')).toBe('2026-10-25 06:00 to 07:00 (Asia/Kolkata)')
    expect(showTimes({ ...event, endsAt: '2026-10-26T00:30:00.000Z' }, 'UTC')).toBe(
      '2026-10-25 00:30 to 2026-10-26 00:30 (UTC)',
    )
  })
})
