import { expect, test } from 'vitest'
import { PlanDocuments } from './plan-documents.ts'

const plan = (stopped: string[]) => ({
  pk: { S: 'ACCOUNT#a' },
  sk: { S: 'PLAN' },
  terms: { L: [] },
  stopped: { L: stopped.map((service) => ({ M: { service: { S: service } } })) },
})

function bodyOf(token: string, sequence: number, stopped: string[]): string {
  const entry = { pk: { S: 'ACCOUNT#a' }, sk: { S: `ENTRY#${sequence}` } }
  const TransactItems = [{ Put: { Item: entry } }, { Put: { Item: plan(stopped) } }]
  return JSON.stringify({ TransactItems, ClientRequestToken: token })
}

test('a write that the database is sent twice is noted once: what stood before it stays what stood before it', () => {
  const documents = new PlanDocuments('a')
  documents.noteWrite(bodyOf('stop', 1, ['seat']))
  documents.noteWrite(bodyOf('resume', 2, []))
  documents.noteWrite(bodyOf('resume', 2, []))
  expect(documents.beforeEntry(2n).stopped).toEqual(['seat'])
  documents.noteWrite(bodyOf('stop', 1, ['seat']))
  expect(documents.current.stopped).toEqual([])
})
