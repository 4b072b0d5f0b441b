import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { importRateDeck } from '../../functions/prices/import-rate-deck.ts'
import { normalizeDestination } from '../../functions/prices/normalize-destination.ts'
import {
  buildRateDeck,
  findRate,
  type Rate,
  readRateDeck,
  writeRateDeck,
} from '../../functions/prices/rate-deck.ts'

const HEADER = 'prefix,rate_cost,rate_increment,rate_minimum,rate_surcharge,rate_nocharge_time,direction'
const problemsOf = (csv: string) => {
  const result = importRateDeck(csv)
  return result.ok ? [] : result.errors.map(({ line, column }) => `${line} ${column}`)
}

function ratesOf(csv: string) {
  const result = importRateDeck(csv)
  if (!result.ok) throw new Error(JSON.stringify(result.errors))
  return result.deck.rates
}

describe('a rate deck’s CSV', () => {
  test('is read by its header: any order, any case, Kazoo’s other names, unknown columns listed', () => {
    const result = importRateDeck('Weight,NAME,Rate_Cost,ISO, Prefix \n7,London,0.02,GB,4420\n')
    expect(result).toMatchObject({ ok: true, ignoredColumns: ['Weight'] })
    expect(result.ok && result.deck.rates).toEqual([
      {
        prefix: '4420',
        perMinute: '0.02',
        connectionFee: '0',
        minimumSeconds: 60,
        incrementSeconds: 60,
        freeSeconds: 0,
        name: 'London',
        isoCountryCode: 'GB',
      },
    ])
  })

  test.each([
    ['commas and LF', 'prefix,rate_cost\n1,0.5\n'],
    ['semicolons and CRLF', 'prefix;rate_cost\r\n1;0.5\r\n'],
    ['tabs and CR', 'prefix\trate_cost\r1\t0.5'],
    [
      'a byte order mark and quotes',
      '\ufeff"prefix","rate_cost"\r\n"+1","0.50"\r\n\r\n;\r\n'.replace(';', ','),
    ],
    ['decimals that are zeros', 'prefix,rate_cost\n1,.500000000\n'],
  ])('may have %s', (_, csv) => {
    const rate = findRate(buildRateDeck(ratesOf(csv)), '15555550100', 'outbound')
    expect(Number(rate?.perMinute)).toBe(0.5)
  })

  test('takes an increment of 0 for a minute, as Kazoo does', () => {
    expect(ratesOf(`${HEADER}\n1,0.5,0,0,0,0,\n`)[0]).toMatchObject({
      incrementSeconds: 60,
      minimumSeconds: 0,
    })
  })

  test('that has bad lines gives no deck and names them all, with the line of the file', () => {
    const csv = [
      HEADER,
      '1,0.01,6,30,0,0,outbound',
      '"44\n20",0.02,6,30,0,0,outbound',
      '49,abc,6.5,-1,1e400,NaN,up',
      '33,-0.01,6,30,0,0,outbound',
      '39,0.0000001,86401,9007199254740993,0,0,',
      '__proto__,0.01,6,30,0,0,outbound',
      '00381,0.01,6,30,0,0,outbound',
      '1,0.03,6,30,0,0,',
      '7',
    ].join('\r\n')
    const columnsOfLine5 = [
      'rate_cost',
      'rate_surcharge',
      'rate_minimum',
      'rate_increment',
      'rate_nocharge_time',
      'direction',
    ]
    expect(problemsOf(csv)).toEqual([
      '3 prefix',
      ...columnsOfLine5.map((column) => `5 ${column}`),
      '6 rate_cost',
      '7 rate_cost',
      '7 rate_minimum',
      '7 rate_increment',
      '8 prefix',
      '9 prefix',
      '10 prefix',
      '11 rate_cost',
    ])
  })

  test('may not have two lines for one prefix and direction; no direction means both', () => {
    const line = (direction: string) => `44,0.01,6,30,0,0,${direction}`
    expect(problemsOf([HEADER, line('inbound'), line('OUTBOUND')].join('\n'))).toEqual([])
    expect(problemsOf([HEADER, line('outbound'), line('outbound')].join('\n'))).toEqual(['3 prefix'])
    expect(problemsOf([HEADER, line('inbound'), line('')].join('\n'))).toEqual(['3 prefix'])
    expect(problemsOf([HEADER, line('"inbound,outbound"'), line('outbound')].join('\n'))).toEqual([
      '3 prefix',
    ])
  })

  test('holds one deck', () => {
    expect(problemsOf('prefix,rate_cost,ratedeck_id\n1,1,a\n2,1,a\n3,1,b')).toEqual(['4 ratedeck_id'])
  })

  test.each([
    ['nothing', '', ['1 ']],
    ['only a header', 'prefix,rate_cost\n', ['1 ']],
    ['no header', '1,0.05\n2,0.06\n', ['1 prefix', '1 rate_cost']],
    ['a column twice', 'prefix,rate_cost,prefix\n1,1,1', ['1 prefix']],
    ['a quote that never ends', 'prefix,rate_cost\n1,1\n2,"1\n3,1\n', ['3 ']],
    ['a huge line', `prefix,rate_cost\n1,${'9'.repeat(100_000)}\n`, ['2 ']],
    ['a NUL in a description', 'prefix,rate_cost,description\n1,1,a\0b', ['2 description']],
    ['bytes that are not UTF-8', 'prefix,rate_cost,description\n1,1,\ufffd', ['2 description']],
  ])('with %s is refused', (_, csv, problems) => {
    expect(problemsOf(csv)).toEqual(problems)
  })

  test('never crashes, whatever the text', () => {
    const cell = fc.oneof(
      fc.string(),
      fc.constantFrom('prefix', 'rate_cost', '1', '0.01', '__proto__', '"', '\r\n', ','),
    )
    fc.assert(
      fc.property(fc.array(cell, { maxLength: 30 }), (cells) => {
        const result = importRateDeck(cells.join(','))
        expect(result.ok || result.errors.length > 0).toBe(true)
      }),
    )
  })
})

describe('a rate deck', () => {
  const digits = (least: number, most: number) =>
    fc
      .array(fc.constantFrom('1', '2', '3'), { minLength: least, maxLength: most })
      .map((list) => list.join(''))
  const rates = fc
    .uniqueArray(digits(1, 6), { maxLength: 40 })
    .chain((prefixes) =>
      fc.tuple(
        ...prefixes.map((prefix) =>
          fc.constantFrom(undefined, 'inbound' as const, 'outbound' as const).map(rateOf(prefix)),
        ),
      ),
    )

  function rateOf(prefix: string) {
    return (direction?: 'inbound' | 'outbound'): Rate => ({
      prefix,
      ...(direction && { direction }),
      perMinute: '0.01',
      connectionFee: '0',
      minimumSeconds: 60,
      incrementSeconds: 60,
      freeSeconds: 0,
    })
  }

  test('gives the longest matching prefix, as a scan of all rates does', () => {
    fc.assert(
      fc.property(
        rates,
        digits(0, 9),
        fc.constantFrom('inbound' as const, 'outbound' as const),
        (list, destination, direction) => {
          const matching = list.filter(
            (rate) => destination.startsWith(rate.prefix) && (rate.direction ?? direction) === direction,
          )
          const longest = matching.sort((one, other) => other.prefix.length - one.prefix.length)[0]
          expect(findRate(buildRateDeck(list), destination, direction)).toBe(longest)
        },
      ),
    )
  })

  test('reads back as it was written', () => {
    fc.assert(
      fc.property(rates, (list) => {
        const deck = buildRateDeck(list)
        expect(readRateDeck(writeRateDeck(deck))).toEqual(deck)
      }),
    )
  })
})

describe('a destination', () => {
  test.each([
    ['+44 20 7946 0123', '442079460123'],
    ['0044 (20) 7946-0123', '442079460123'],
    ['+44 (0)20 7946 0123', '442079460123'],
    ['020 7946 0123', '02079460123'],
    ['sip:+12025550123@pbx.example.com;user=phone', '12025550123'],
    ['"Support" <sip:+1-202-555-0123@pbx.example.com>', '12025550123'],
    ['tel:+1.202.555.0123;ext=5', '12025550123'],
    ['6789', '6789'],
  ])('%s is looked up as %s', (text, expected) => {
    expect(normalizeDestination(text)).toBe(expected)
  })

  test.each([
    '',
    '&',
    '+',
    '00',
    '*97',
    'anonymous',
    'sip:alice@example.com',
    '1e9',
    '٣٤',
    '1'.repeat(33),
    '9'.repeat(1_000_000),
  ])('%.20s holds no number', (text) => {
    expect(normalizeDestination(text)).toBeUndefined()
  })
})
