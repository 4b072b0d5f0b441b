import { describe, expect, test } from 'vitest'
import { parseCallRecords } from '../../../cli/call-records/parse-call-records.ts'
import { toUsageEvents } from '../../../cli/call-records/to-usage-events.ts'

type Call = {
  answer?: string
  billsec?: string
  to?: string
  id?: string
  sequence?: string
  outcome?: string
  to2?: string
}

/** Lines as cdr_csv, cdr_custom and mod_cdr_csv write them. */
function custom({
  answer = '2026-11-03 10:15:05',
  billsec = '55',
  to = '+442079460123',
  id = '1793700900.1',
  sequence = '1',
  outcome = 'ANSWERED',
  to2 = 'PJSIP/trunk-1',
}: Call) {
  return `"""Front desk"" <1001>","1001","${to}","office","PJSIP/1001-1","${to2}","Dial","PJSIP/trunk","2026-11-03 10:15:00","${answer}","2026-11-03 10:16:00","60","${billsec}","${outcome}","DOCUMENTATION","acme","${id}","",${sequence}`
}
function plain(optional: string, answer = '2026-11-03 10:15:05', billsec = 55) {
  return `"acme","1001","+442079460123","office","""Front desk"" <1001>","PJSIP/1001-1","PJSIP/trunk-1","Dial","PJSIP/trunk","2026-11-03 10:15:00","${answer}","2026-11-03 10:16:00",60,${billsec},"ANSWERED","DOCUMENTATION"${optional}`
}
function freeswitch({
  answer = '2026/11/3 9:05',
  billsec = '55',
  to = '12025550123',
  id = 'a',
  outcome = 'NORMAL_CLEARING',
  callerName = 'Front desk',
}: Call & { callerName?: string }) {
  return `${callerName},1001,${to},default,2026/11/3 9:05,${answer},2026/11/3 9:06,60,${billsec},${outcome},${id},,acme,PCMU,PCMU`
}

function parsed(lines: string[], options?: { timeZone?: string }) {
  const result = parseCallRecords(lines.join('\n'), options)
  if (!result.ok) throw new Error(result.detail)
  return result
}

describe('call records', () => {
  test('of Asterisk’s cdr_custom are read with the uniqueid and sequence as id', () => {
    const { layout, records, badLines } = parsed([
      custom({}),
      custom({ answer: '', billsec: '0', sequence: '2', outcome: 'NO ANSWER' }),
    ])
    expect(layout).toBe('Asterisk cdr_custom')
    expect(badLines).toEqual([])
    expect(records).toEqual([
      {
        id: '1793700900.1-1',
        startedAt: '2026-11-03T10:15:00.000Z',
        answeredAt: '2026-11-03T10:15:05.000Z',
        endedAt: '2026-11-03T10:16:00.000Z',
        billableSeconds: 55,
        caller: '1001',
        destination: '+442079460123',
        disposition: 'ANSWERED',
        accountCode: 'acme',
        line: 1,
      },
      expect.objectContaining({ id: '1793700900.1-2', billableSeconds: 0, line: 2 }),
    ])
    expect(records[1]).not.toHaveProperty('answeredAt')
  })

  test.each([
    ['16 columns', '', /^call-[0-9a-f]{16}$/],
    ['a uniqueid', ',"1793700900.1"', /^1793700900\.1-[0-9a-f]{16}$/],
    ['a user field alone', ',"gold"', /^call-[0-9a-f]{16}$/],
    ['a uniqueid and a user field', ',"pbx-1793700900.1","gold"', /^pbx-1793700900\.1-[0-9a-f]{16}$/],
    ['all columns, the sequence last', ',"1793700900.1","gold","","1793700900.1","42"', /^1793700900\.1-42$/],
  ])('of Asterisk’s cdr_csv may have %s', (_, optional, id) => {
    const { layout, records } = parsed([plain(optional)])
    expect(layout).toBe('Asterisk cdr_csv')
    expect(records[0]).toMatchObject({
      destination: '+442079460123',
      billableSeconds: 55,
      accountCode: 'acme',
    })
    expect(records[0]!.id).toMatch(id)
  })

  test('of FreeSWITCH are read with the uuid as id, quoted or not, and with either shape of date', () => {
    const quoted =
      '"Front desk","1001","12025550123","default","2026-11-03 09:05:00","2026-11-03 09:05:05","2026-11-03 09:06:00","60","55","NORMAL_CLEARING","b","","acme","PCMU","PCMU"'
    const { layout, records } = parsed([freeswitch({}), quoted])
    expect(layout).toBe('FreeSWITCH mod_cdr_csv')
    expect(records.map(({ id, startedAt }) => [id, startedAt])).toEqual([
      ['a', '2026-11-03T09:05:00.000Z'],
      ['b', '2026-11-03T09:05:00.000Z'],
    ])
  })

  test('under a header line are read by their names, in any order', () => {
    const { records } = parsed([
      'billsec,dst,calldate,duration,uniqueid,sequence',
      '7,101,2026-11-03 10:15:00,9,17.1,3',
    ])
    expect(records[0]).toMatchObject({
      id: '17.1-3',
      endedAt: '2026-11-03T10:15:09.000Z',
      billableSeconds: 7,
    })
  })

  test('are in the exchange’s time zone, summer time included', () => {
    const { records } = parsed([custom({})], { timeZone: 'Europe/Berlin' })
    expect(records[0]!.startedAt).toBe('2026-11-03T09:15:00.000Z')
    expect(parseCallRecords(custom({}), { timeZone: 'Mars/Base' })).toMatchObject({
      reason: 'time_zone_unknown',
    })
  })

  test('of no known layout are refused with what was seen and what is known', () => {
    const result = parseCallRecords('when,who\n2026-11-03,alice\n')
    expect(result).toMatchObject({ ok: false, reason: 'layout_unknown' })
    expect(!result.ok && result.detail).toMatch(
      /line 1 has 2 columns, beginning "when,who".*Asterisk.*FreeSWITCH/,
    )
    expect(parseCallRecords('')).toMatchObject({ ok: false, reason: 'file_empty' })
  })

  test('that are bad are named by line and column, and the others are still read', () => {
    const { records, badLines } = parsed([
      custom({}),
      custom({ billsec: '-5', sequence: '2' }),
      custom({ answer: '2026-13-45 10:15:05', sequence: '3' }),
      custom({ answer: '', sequence: '4' }),
      'rubbish',
      custom({ answer: '2026-11-03 10:14:00', sequence: '5' }),
    ])
    expect(records).toHaveLength(1)
    expect(badLines.map(({ line, column }) => `${line} ${column}`)).toEqual([
      '2 billsec',
      '3 answer',
      '4 billsec',
      '5 ',
      '6 answer',
    ])
  })
})

describe('a call on several lines', () => {
  test('is charged once, whether repeated word for word or with another hang-up cause', () => {
    const { records, setAside } = parsed([
      freeswitch({}),
      freeswitch({}),
      freeswitch({ outcome: 'USER_BUSY' }),
    ])
    expect(records).toHaveLength(1)
    expect(setAside.map(({ line, reason }) => [line, reason])).toEqual([
      [2, 'repeat'],
      [3, 'repeat_with_other_outcome'],
    ])
  })

  test('is set aside for a person to look at when an id stands for two different calls', () => {
    const { records, setAside } = parsed([freeswitch({}), freeswitch({ billsec: '20', to: '12025550124' })])
    expect(records).toHaveLength(1)
    expect(setAside).toEqual([expect.objectContaining({ line: 2, id: 'a', reason: 'same_id_other_call' })])
  })

  test('is charged for the answered line, before or after an unanswered attempt under the same id', () => {
    const attempt = freeswitch({ answer: '', billsec: '0', outcome: 'LOSE_RACE' })
    for (const lines of [
      [attempt, freeswitch({})],
      [freeswitch({}), attempt],
    ]) {
      const { records, setAside } = parsed(lines)
      expect(records).toEqual([expect.objectContaining({ billableSeconds: 55 })])
      expect(setAside.map(({ reason }) => reason)).toEqual(['repeat_of_unanswered_attempt'])
    }
  })

  test('keeps every leg apart, also where Asterisk writes no sequence', () => {
    const leg = plain(',"1793700900.1"')
    const { records } = parsed([leg, leg.replace('PJSIP/trunk-1', 'PJSIP/trunk-2'), leg])
    expect(new Set(records.map(({ id }) => id)).size).toBe(2)
  })

  test('has the same ids when the file has grown', () => {
    const lines = [custom({}), custom({ sequence: '2' }), plain('')]
    const ids = (count: number) => parsed(lines.slice(0, count)).records.map(({ id }) => id)
    expect(ids(2).slice(0, 1)).toEqual(ids(1))
    const grown = [freeswitch({}), freeswitch({ outcome: 'USER_BUSY' }), freeswitch({ id: 'z' })]
    expect(parsed(grown).records.slice(0, 1)).toEqual(parsed(grown.slice(0, 1)).records)
  })
})

describe('a usage event', () => {
  const options = { source: 'urn:pbx:one', accountOf: () => 'acc_example01' }

  test('is a CloudEvent of the answered call, timed at its start', () => {
    const { events, setAside } = toUsageEvents(parsed([custom({})]).records, options)
    expect(setAside).toEqual([])
    expect(events).toEqual([
      {
        specversion: '1.0',
        id: '1793700900.1-1',
        source: 'urn:pbx:one',
        type: 'call',
        subject: 'acc_example01',
        time: '2026-11-03T10:15:00.000Z',
        datacontenttype: 'application/json',
        data: {
          seconds: 55,
          destination: '+442079460123',
          direction: 'outbound',
          caller: '1001',
          disposition: 'ANSWERED',
        },
      },
    ])
  })

  test('of a call that FreeSWITCH placed goes to the number that it called', () => {
    const { records } = parsed([
      freeswitch({ to: '&', callerName: 'Outbound Call' }),
      freeswitch({ id: 'b', to: '&park()', callerName: 'Outbound Call' }),
      freeswitch({ id: 'c', to: '&park()' }),
    ])
    expect(records.map(({ destination }) => destination)).toEqual(['1001', '1001', '&park()'])
  })

  test('is not made of what cannot be charged; each such record says why', () => {
    const { records } = parsed([
      freeswitch({ answer: '', billsec: '0' }),
      freeswitch({ id: 'b', to: '&' }),
      freeswitch({ id: 'c', to: '' }),
    ])
    const { events, setAside } = toUsageEvents(records, options)
    expect(events).toEqual([])
    expect(setAside.map(({ reason }) => reason)).toEqual([
      'unanswered',
      'destination_unusable',
      'destination_unusable',
    ])
    const nobody = toUsageEvents(parsed([custom({})]).records, { ...options, accountOf: () => undefined })
    expect(nobody.setAside.map(({ reason }) => reason)).toEqual(['account_unknown'])
  })

  test('that the API would not take are set aside by themselves, and the others are sent', () => {
    const { records } = parsed([
      freeswitch({ id: 'good' }),
      freeswitch({ id: 'bell\u0007' }),
      freeswitch({ id: 'x'.repeat(201) }),
      freeswitch({ id: 'month', billsec: String(31 * 86_400 + 1) }),
    ])
    const { events, setAside } = toUsageEvents(records, options)
    expect(events.map(({ id }) => id)).toEqual(['good'])
    expect(setAside).toMatchObject([
      { line: 2, reason: 'not_taken_as_usage', detail: expect.stringContaining('id ') },
      { line: 3, reason: 'not_taken_as_usage', detail: expect.stringContaining('id ') },
      { line: 4, reason: 'not_taken_as_usage', detail: expect.stringContaining('data.seconds ') },
    ])
  })
})
