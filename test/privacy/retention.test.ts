import { describe, expect, it } from 'vitest'
import { ITEM_TYPES } from '../../functions/privacy/item-types.ts'
import { dueAt, isDeadlineToBeTold, type PrivacyRequest } from '../../functions/privacy/privacy-request.ts'
import { hasRetention, RETENTION_ROWS } from '../../functions/privacy/retention.ts'
import { signLink } from '../../functions/privacy/sign-link.ts'
import { renderRetentionPage } from './render-retention-page.ts'

describe('the table of retention', () => {
  it('is what docs/retention.md says (update with `npx vitest run test/privacy/retention -u`)', async () => {
    await expect(renderRetentionPage()).toMatchFileSnapshot('../../docs/retention.md')
  })

  it('names item types that there are, each place once', () => {
    const names = new Set(ITEM_TYPES.map(({ name }) => name))
    const places = RETENTION_ROWS.flatMap(({ type, fields }) => fields.map((field) => `${type} ${field}`))
    expect(new Set(places).size).toBe(places.length)
    for (const { type, fields } of RETENTION_ROWS)
      if (fields.length > 0 && !type.startsWith('file: ')) expect(names, type).toContain(type)
    expect(hasRetention('MEMBER', 'email')).toBe(true)
    expect(hasRetention('MEMBER', 'shoeSize')).toBe(false)
  })
})

describe('deadlines', () => {
  it.each([
    ['2026-11-23T12:00:00.000Z', false, '2026-12-23T12:00:00.000Z'],
    ['2027-01-31T12:00:00.000Z', false, '2027-02-28T12:00:00.000Z'],
    ['2027-01-31T12:00:00.000Z', true, '2027-04-30T12:00:00.000Z'],
  ])('of what was received at %s (extended: %s) is %s', (receivedAt, isExtended, due) => {
    expect(dueAt(receivedAt, isExtended)).toBe(due)
  })

  it('are near from the seventh day before on, until the request is done', () => {
    const request = { status: 'working', dueAt: '2026-12-23T12:00:00.000Z' } as PrivacyRequest
    expect(isDeadlineToBeTold(request, '2026-12-16T11:59:59.999Z')).toBe(false)
    expect(isDeadlineToBeTold(request, '2026-12-16T12:00:00.000Z')).toBe(true)
    expect(isDeadlineToBeTold({ ...request, status: 'done' }, '2026-12-20T12:00:00.000Z')).toBe(false)
  })
})

describe('the address of an export', () => {
  it('is signed as AWS has it in its example', () => {
    // https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
    const signed = signLink(new URL('https://examplebucket.s3.amazonaws.com/test.txt'), {
      credentials: {
        accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
        secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
      },
      ...{ region: 'us-east-1', at: new Date('2013-05-24T00:00:00Z'), seconds: 86400 },
    })
    expect(new URL(signed).searchParams.get('X-Amz-Signature')).toBe(
      'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
    )
  })
})
