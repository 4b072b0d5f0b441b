import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FileProblem, parseProof, readProofFile } from '../../../cli/drawdown/read-proof-file.ts'
import { beginVerification, endVerification, verifyPage } from '../../../cli/drawdown/verify-statement.ts'
import { hashOf, type Json } from '../../../functions/ledger/canonical-json.ts'
import { sampleStatement } from './statements.ts'

type Loose = Record<string, unknown> & { entries: Record<string, unknown>[]; tip: Record<string, string> }

/** What is wrong with files, as whoever runs the command is told; none: everything agrees. */
function faultsOf(texts: string[], notedTip?: string): string[] {
  try {
    const pages = texts.map((text) => parseProof('statement.json', text))
    const verification = beginVerification(pages[0]!, notedTip)
    for (const page of pages) verifyPage(verification, page)
    endVerification(verification)
    return verification.faults
  } catch (error) {
    if (error instanceof FileProblem) return [error.message]
    throw error
  }
}

function changed(change: (statement: Loose) => void): string {
  const statement = structuredClone(sampleStatement()) as unknown as Loose
  change(statement)
  return JSON.stringify(statement)
}

describe('verifying a statement', () => {
  it('finds nothing in one as it was given, with balances, tip and every line', () => {
    const page = parseProof('statement.json', JSON.stringify(sampleStatement()))
    const verification = beginVerification(page)
    verifyPage(verification, page)
    endVerification(verification)
    expect(verification).toMatchObject({ faults: [], linesChecked: 6, position: sampleStatement().tip })
  })

  it('finds every change of a single character that changes what the file says', () => {
    const text = JSON.stringify(sampleStatement())
    const meaning = JSON.stringify(JSON.parse(text))
    const change = fc.record({
      place: fc.nat(text.length - 1),
      kind: fc.constantFrom('replace', 'insert', 'delete'),
      character: fc.oneof(
        fc.constantFrom(...'0123456789-".,:{}[]nul aZ'),
        fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
      ),
    })
    let meant = 0
    fc.assert(
      fc.property(change, ({ place, kind, character }) => {
        const rest = text.slice(kind === 'insert' ? place : place + 1)
        const other = text.slice(0, place) + (kind === 'delete' ? '' : character) + rest
        if (meaningOf(other) === meaning) return
        meant += 1
        expect(faultsOf([other])).not.toEqual([])
      }),
      { numRuns: 3000 },
    )
    expect(meant).toBeGreaterThan(2000)
  })

  it('names the entry of a changed digit, and what does not fit', () => {
    const faults = faultsOf([
      changed(({ entries }) => {
        entries[2]!.availableAfterMicros = '23865433'
      }),
    ])
    expect(faults[0]).toBe('entry 3: its hash does not fit what it says: one of the two was changed')
    expect(faults.join()).toContain('entry 4: availableBeforeMicros is "23765433", not "23865433"')
  })

  it('finds a changed entry whose hash was reckoned anew, by the entry after it', () => {
    const text = changed(({ entries }) => {
      const { hash: _, ...said }: Record<string, unknown> = { ...entries[1]!, reason: 'another' }
      entries[1] = { ...said, hash: hashOf(said as Json) }
    })
    expect(faultsOf([text])).toEqual([expect.stringMatching(/^entry 3: previousHash is /)])
  })

  it('finds a history that was rewritten as a whole by a tip that was noted before, and by nothing else', () => {
    const noted = sampleStatement().entries[3]!.hash as string
    const text = changed((statement) => {
      let previousHash = statement.genesisHash as string
      statement.entries = statement.entries.map((entry) => {
        const { hash: _, ...said }: Record<string, unknown> = { ...entry, reason: 'rewritten', previousHash }
        previousHash = hashOf(said as Json)
        return { ...said, hash: previousHash }
      })
      statement.tip.hash = previousHash
    })
    expect(faultsOf([text])).toEqual([])
    expect(faultsOf([text], noted)).toEqual([expect.stringContaining('history before it was rewritten')])
    expect(faultsOf([JSON.stringify(sampleStatement())], noted)).toEqual([])
  })

  it.each<[string, (statement: Loose) => void, RegExp]>([
    ['an entry is missing', ({ entries }) => entries.splice(2, 1), /^entry 3: is missing; .* entry 4$/],
    ['entries are out of order', ({ entries }) => entries.reverse(), /^entry 1: is missing/],
    [
      'its end is cut off',
      ({ entries }) => entries.pop(),
      /ends with entry 5, and its tip is entry 6: lines are missing/,
    ],
    [
      'it has no entries',
      (statement) => (statement.entries = []),
      /ends with entry 0, and its tip is entry 6/,
    ],
    ['the tip was set back', ({ tip }) => (tip.sequence = '5'), /the tip has hash|tip is entry 5/],
    [
      'it is called another account’s',
      (statement) => (statement.accountId = 'acc_other'),
      /genesisHash does not fit/,
    ],
    [
      'an entry is no object',
      ({ entries }) => entries.splice(0, 1, 7 as never),
      /^entry 1: is not an object/,
    ],
    [
      'an amount is a number',
      ({ entries }) => (entries[0]!.amountMicros = 20000000),
      /^entry 1: amountMicros is 20000000, /,
    ],
    [
      'a number has no end',
      ({ entries }) => (entries[0]!.sequence = '9'.repeat(100_000)),
      /^entry 1: sequence is not a whole/,
    ],
    ['a member is missing', ({ entries }) => delete entries[0]!.postings, /^entry 1: postings is not a list/],
    ['the hash is missing', ({ entries }) => delete entries[0]!.hash, /^entry 1: hash is missing/],
    ['a lot is of an odd kind', ({ entries }) => (entries[0]!.lots = [null]), /^entry 1: lots.0 is null/],
  ])('says so when %s', (_what, change, message) => {
    expect(faultsOf([changed(change)])[0]).toMatch(message)
  })

  it.each<[string, string, RegExp]>([
    ['empty', '', /is not JSON/],
    ['not JSON', 'sequence,amount\n1,20.00', /is not JSON/],
    ['something else', '{"name":"drawdown"}', /is no statement proof: format is missing/],
    ['a list', '[]', /is no statement proof/],
    ['nothing', 'null', /is no statement proof/],
    ['nested without end', '['.repeat(200_000) + ']'.repeat(200_000), /is no statement proof/],
    ['of another version', changed((statement) => (statement.version = 2)), /version is not 1/],
    [
      'with a member more',
      changed((statement) => (statement['\u001b[31m'] = 1)),
      /no statement has: "\\u001b\[31m"/,
    ],
    [
      'with an odd tip',
      changed((statement) => (statement.tip = { sequence: '1e9' } as never)),
      /tip\.sequence is not a count/,
    ],
    ['an entry nested without end', deepEntry(), /^entry 1: .* is nested too deep/],
    [
      'open in what it says, as a name stands in it twice',
      JSON.stringify(sampleStatement()).replace(
        '"amountMicros":',
        '"amountMicros":"9","\\u0061mountMicros" :',
      ),
      /"amountMicros" stands twice/,
    ],
  ])('says so when a file is %s', (_what, text, message) => {
    const [fault] = faultsOf([text])
    expect(fault).toMatch(message)
    expect(fault!.length).toBeLessThan(400)
  })

  it('takes no file with bytes that are no character, which would be read as some other one', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'drawdown-verify-'))
    const file = join(folder.path, 'statement.json')
    await writeFile(file, JSON.stringify(sampleStatement()))
    expect((await readProofFile(file)).tip).toEqual(sampleStatement().tip)
    for (const bytes of [
      Buffer.from(JSON.stringify(sampleStatement()), 'utf16le'),
      Buffer.from([0x22, 0xff, 0x22]),
    ]) {
      await writeFile(file, bytes)
      await expect(readProofFile(file)).rejects.toThrow('is not UTF-8')
    }
  })

  it('takes a statement in parts, in their order', () => {
    const parts = [sampleStatement(0, 2), sampleStatement(2, 4), sampleStatement(4)].map((part) =>
      JSON.stringify(part),
    )
    expect(faultsOf(parts)).toEqual([])
    expect(faultsOf([parts[2]!])).toEqual([])
    expect(faultsOf([parts[0]!])[0]).toContain('lines are missing at its end')
    expect(faultsOf([parts[0]!, parts[2]!])[0]).toContain('name them in order')
    expect(faultsOf([parts[1]!, parts[0]!, parts[2]!])[0]).toContain('name them in order')
    expect(faultsOf([parts[0]!.replace('"next":"2"', '"next":"3"'), ...parts.slice(1)])[0]).toContain(
      'next is 3',
    )
  })
})

/** What a text says as JSON; undefined where it says nothing. */
function meaningOf(text: string): string | undefined {
  try {
    return JSON.stringify(JSON.parse(text.replace(/^\uFEFF/, '')))
  } catch {
    return undefined
  }
}

function deepEntry(): string {
  const deep = `${'{"a":'.repeat(50_000)}"x"${'}'.repeat(50_000)}`
  return JSON.stringify(sampleStatement()).replace('"entries":[', `"entries":[${deep},`)
}
