import { describe, expect, it } from 'vitest'
import { chainEntry, type Entry, genesisHash, hashEntry } from '../../functions/ledger/entry.ts'
import { beginProof, foldEntry } from '../../functions/ledger/prove-account.ts'
import { presentStatementProof } from '../../functions/proof/statement-proof.ts'
import { headWith } from './head-with.ts'

const head = headWith({ accountId: 'acc_5fK2mQ8b', tip: genesisHash('acc_5fK2mQ8b', 'USD') })
const packed = Buffer.from('called 14165550123')
const draft = {
  kind: 'usage' as const,
  postings: [],
  reason: '1 × sms',
  actor: 'system:usage',
  detail: {},
  packed,
}
const { entry, next } = chainEntry(head, draft, '', '2026-11-23T12:00:00.000Z')
const faultsOf = (changed: Entry) => foldEntry(beginProof('acc_5fK2mQ8b', 'USD'), changed)
const { packed: _, ...without } = entry

describe('the events that an entry holds packed', () => {
  it('prove as they were written, and as gone once the entry says so', () => {
    expect(faultsOf(entry)).toEqual([])
    expect(faultsOf({ ...without, packedErasedAt: '2027-06-01T00:00:00.000Z' })).toEqual([])
  })

  it('cannot be changed, nor vanish without a word, nor lose their digest', () => {
    const fault = 'entry 1: has other events than it was written with'
    expect(faultsOf({ ...entry, packed: Buffer.from('called 14165550124') })).toEqual([fault])
    expect(faultsOf(without)).toEqual([fault])
    const { packedSha256, ...undigested } = entry
    expect(faultsOf(undigested)).toEqual(['entry 1: was changed after it was written'])
  })

  it('are covered themselves by the hash of an entry from before there was a digest', () => {
    const { packedSha256, hash, ...old } = entry
    const before = { ...old, hash: hashEntry(old) }
    expect(before.hash).not.toBe(hash)
    expect(faultsOf(before)).toEqual([])
    expect(faultsOf({ ...before, packed: Buffer.from('x') })).toEqual([
      'entry 1: was changed after it was written',
    ])
  })

  it('are no part of a statement’s proof, which says the same before and after they are erased', () => {
    const erased = { ...without, packedErasedAt: '2027-06-01T00:00:00.000Z' }
    const proofs = [entry, erased].map((each) => presentStatementProof(next, undefined, [each]))
    expect(proofs[1]).toEqual(proofs[0])
    expect(proofs[0]!.entries[0]).not.toHaveProperty('packed')
    expect(proofs[0]!.entries[0]).toHaveProperty('packedSha256')
  })
})
