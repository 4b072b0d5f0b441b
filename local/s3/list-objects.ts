import { compareKeys, type ObjectRecord, type ObjectStore } from './object-store.ts'
import { escapeXml, S3Error } from './s3-error.ts'

type Listed = { key: string; record?: ObjectRecord }

const mostKeys = 1000

/** The XML answer of ListObjectsV2: prefix, delimiter, start-after, pages of at most 1000 with a continuation token. */
export function listObjects(bucket: string, store: ObjectStore, query: URLSearchParams): string {
  const prefix = query.get('prefix') ?? ''
  const delimiter = query.get('delimiter') ?? ''
  const maxKeys = parseMaxKeys(query.get('max-keys'))
  const token = query.get('continuation-token')
  const after =
    token === null ? (query.get('start-after') ?? '') : Buffer.from(token, 'base64url').toString('utf8')
  const all = groupByDelimiter(store.list(prefix), prefix, delimiter)
  const remaining = after === '' ? all : all.filter((one) => compareKeys(one.key, after) > 0)
  const listed = remaining.slice(0, maxKeys)
  const isTruncated = maxKeys > 0 && remaining.length > listed.length
  const encode = query.get('encoding-type') === 'url' ? encodeURIComponent : escapeXml
  const next = isTruncated ? Buffer.from(listed.at(-1)!.key).toString('base64url') : ''
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">',
    `<Name>${escapeXml(bucket)}</Name><Prefix>${encode(prefix)}</Prefix><MaxKeys>${maxKeys}</MaxKeys>`,
    delimiter === '' ? '' : `<Delimiter>${encode(delimiter)}</Delimiter>`,
    query.has('encoding-type') ? '<EncodingType>url</EncodingType>' : '',
    `<KeyCount>${listed.length}</KeyCount><IsTruncated>${isTruncated}</IsTruncated>`,
    next === '' ? '' : `<NextContinuationToken>${next}</NextContinuationToken>`,
    ...listed.map((one) => describe(one, encode)),
    '</ListBucketResult>',
  ].join('')
}

/** Keys that share what stands before the next delimiter become one common prefix. */
function groupByDelimiter(records: ObjectRecord[], prefix: string, delimiter: string): Listed[] {
  if (delimiter === '') return records.map((record) => ({ key: record.key, record }))
  const listed = new Map<string, Listed>()
  for (const record of records) {
    const end = record.key.indexOf(delimiter, prefix.length)
    const key = end < 0 ? record.key : record.key.slice(0, end + delimiter.length)
    if (!listed.has(key)) listed.set(key, end < 0 ? { key, record } : { key })
  }
  return [...listed.values()]
}

function describe(one: Listed, encode: (text: string) => string): string {
  if (!one.record) return `<CommonPrefixes><Prefix>${encode(one.key)}</Prefix></CommonPrefixes>`
  const { lastModified, etag, sizeBytes } = one.record
  return `<Contents><Key>${encode(one.key)}</Key><LastModified>${lastModified}</LastModified><ETag>${escapeXml(etag)}</ETag><Size>${sizeBytes}</Size><StorageClass>STANDARD</StorageClass></Contents>`
}

function parseMaxKeys(text: string | null): number {
  if (text === null) return mostKeys
  if (!/^\d{1,9}$/.test(text)) throw new S3Error(400, 'InvalidArgument', 'max-keys must be a whole number.')
  return Math.min(mostKeys, Number(text))
}
