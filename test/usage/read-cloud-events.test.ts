import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readCloudEvent } from '../../functions/usage/read-cloud-events.ts'
import { compareUsageEvents, usageContentHash, usageEventKey } from '../../functions/usage/usage-event.ts'
import { usageEvent } from './priced.ts'

const now = new Date('2026-11-23T12:00:00Z')
const valid = {
  specversion: '1.0',
  id: 'a-1',
  source: '/switch/berlin',
  type: 'voice.call',
  subject: 'acc_12345678',
  time: '2026-11-23T12:30:00+01:00',
  data: { seconds: 61, destination: '+49 30 123456' },
}

const read = (change: Record<string, unknown>) => readCloudEvent({ ...valid, ...change }, now)
const fieldsOf = (change: Record<string, unknown>) => {
  const result = read(change)
  return result.ok ? [] : result.errors.map(({ field }) => field)
}

describe('reading a CloudEvent', () => {
  it('takes type as the service, subject as the account, time in UTC, and what data has besides as attributes', () => {
    expect(
      readCloudEvent({ ...valid, sequence: '7', traceparent: 'x', datacontenttype: 'application/json' }, now),
    ).toEqual({
      ok: true,
      event: {
        source: '/switch/berlin',
        id: 'a-1',
        accountId: 'acc_12345678',
        service: 'voice.call',
        at: '2026-11-23T11:30:00.000Z',
        sequence: '7',
        quantity: undefined,
        seconds: 61,
        attributes: { destination: '+49 30 123456' },
      },
    })
  })

  it.each([
    ['specversion', { specversion: '0.3' }],
    ['id', { id: '' }],
    ['id', { id: 'x'.repeat(201) }],
    ['id', { id: 'a\nb' }],
    ['source', { source: '' }],
    ['source', { source: 'has space' }],
    ['source', { source: 'a%zz' }],
    ['source', { source: 'a#b#c' }],
    ['source', { source: '1x:y' }],
    ['type', { type: undefined }],
    ['type', { type: '__proto__' }],
    ['type', { type: 'constructor' }],
    ['subject', { subject: 'somebody' }],
    ['time', { time: undefined }],
    ['time', { time: '2026-11-23 12:00:00' }],
    ['time', { time: '2026-02-30T00:00:00Z' }],
    ['time', { time: '2026-11-24T12:00:01Z' }],
    ['datacontenttype', { datacontenttype: 'text/xml' }],
    ['data_base64', { data_base64: 'AA==' }],
    ['Upper', { Upper: 'x' }],
    ['nested', { nested: { a: 1 } }],
    ['data', { data: undefined }],
    ['data', { data: {} }],
    ['data', { data: [] }],
    ['data.quantity', { data: { quantity: -1 } }],
    ['data.quantity', { data: { quantity: 1.5 } }],
    ['data.quantity', { data: { quantity: '1' } }],
    ['data.quantity', { data: { quantity: 1e13 } }],
    ['data.quantity', { data: { quantity: Number.NaN } }],
    ['data.seconds', { data: { seconds: 31 * 86400 + 1 } }],
    ['data.destination', { data: { seconds: 1, destination: ['49'] } }],
    ['data.destination', { data: { seconds: 1, destination: 'x'.repeat(501) } }],
    ['data.destination', { data: { seconds: 1, destination: '\uffff' } }],
    ['data.weight', { data: { seconds: 1, weight: 0.5 } }],
    ['data.bad-name', { data: { seconds: 1, 'bad-name': 'x' } }],
  ])('names %s in %j', (field, change) => {
    expect(fieldsOf(change)).toContain(field)
  })

  it('refuses 1e400, 2^53+1 and __proto__ as they come in JSON', () => {
    const withData = (data: string) => JSON.parse(`{"data":${data}}`) as Record<string, unknown>
    expect(fieldsOf(withData('{"quantity":1e400}'))).toEqual(['data.quantity'])
    expect(fieldsOf(withData('{"quantity":9007199254740993}'))).toContain('data.quantity')
    expect(fieldsOf(withData('{"quantity":1,"__proto__":{"a":1}}'))).toEqual(['data.__proto__'])
  })

  it('names every wrong field at once', () => {
    expect(fieldsOf({ id: '', time: 'now', data: { seconds: -1 } })).toEqual(['id', 'time', 'data.seconds'])
  })

  it('refuses anything that is no object', () => {
    for (const value of [null, 'x', 1, [], undefined])
      expect(readCloudEvent(value, now)).toMatchObject({ ok: false })
  })

  const sequenceOf = (sequence: unknown, sequencetype: unknown) =>
    readCloudEvent({ ...valid, sequence, sequencetype }, now)

  it.each([
    ['1', 1],
    ['01', 1],
    [`${'0'.repeat(80)}7`, 7],
    ['2147483648', 2 ** 31],
    ['999999999999999', 999_999_999_999_999],
  ])('takes the number %s of a source that numbers', (sequence, number) => {
    expect(sequenceOf(sequence, 'Integer')).toMatchObject({ ok: true, event: { number } })
  })

  it.each([
    ...['0', '000', '-1', '+1', '1e3', '1.0', ' 1', '1 ', '0x1', '1_000', '', '٣', '１', '𝟏', 'one'],
    ...['1000000000000000', '9007199254740993', '9223372036854775808', '9'.repeat(100), '9'.repeat(101)],
    ...[1, 0, true, null, [1], { value: '1' }, undefined],
  ])('refuses %j as a number, naming the field', (sequence) => {
    const result = sequenceOf(sequence, 'Integer') as { ok: boolean; errors: object[] }
    expect(result.ok).toBe(false)
    expect(result.errors).toContainEqual(expect.objectContaining({ field: 'sequence' }))
  })

  it('takes no number where sequencetype is another one, or none', () => {
    for (const sequencetype of ['integer', 'INTEGER', 'Integer ', 'Lexical', undefined])
      expect(sequenceOf('x7', sequencetype)).toMatchObject({ ok: true, event: { sequence: 'x7' } })
    for (const sequencetype of [7, '', {}, 'I'.repeat(101)])
      expect(sequenceOf('1', sequencetype)).toMatchObject({ ok: false, errors: [{ field: 'sequencetype' }] })
  })

  it('never throws, whatever comes', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (value, data) => {
        readCloudEvent(value, now)
        readCloudEvent({ ...valid, data }, now)
      }),
    )
  })
})

describe('an event’s identity and order', () => {
  it('has a key that no other source and id share', () => {
    const text = fc.stringMatching(/^[a#%2-5]{1,6}$/)
    fc.assert(
      fc.property(text, text, text, text, (source1, id1, source2, id2) => {
        const isSame = source1 === source2 && id1 === id2
        expect(
          usageEventKey({ source: source1, id: id1 }).pk === usageEventKey({ source: source2, id: id2 }).pk,
        ).toBe(isSame)
      }),
    )
  })

  it('has a content hash that sees every change of price, and no change of transport', () => {
    const event = usageEvent('acc_12345678', { attributes: { destination: '49' } })
    const hash = usageContentHash(event)
    expect(usageContentHash({ ...event, sequence: '9' })).toBe(hash)
    for (const change of [
      { quantity: 2 },
      { seconds: 1 },
      { at: 'x' },
      { service: 'x' },
      { accountId: 'x' },
      { attributes: {} },
    ]) {
      expect(usageContentHash({ ...event, ...change })).not.toBe(hash)
    }
  })

  it('orders by time, source, sequence as a number, then id', () => {
    const base = usageEvent('acc_12345678')
    const ordered = [
      { ...base, at: '1', source: 'b' },
      { ...base, at: '2', source: 'a' },
      { ...base, at: '2', source: 'b', id: '2' },
      { ...base, at: '2', source: 'b', sequence: '9', id: '1' },
      { ...base, at: '2', source: 'b', sequence: '10', id: '0' },
      { ...base, at: '2', source: 'b', sequence: 'x', id: '0' },
      { ...base, at: '2', source: 'b', sequence: 'x', id: '1' },
    ]
    expect([...ordered].reverse().sort(compareUsageEvents)).toEqual(ordered)
  })
})
