// Stands in for Amazon S3: PutObject (metadata, If-None-Match: *, If-Match, checksums in headers or trailers, aws-chunked bodies), GetObject, HeadObject,
// DeleteObject, ListObjectsV2 (prefix, delimiter, pages), multipart uploads (whose parts live as long as the process), errors as XML.
// A signed address is answered, its signature and its end are not looked at. Buckets are declared at start; objects are files, written whole.
// The bucket is taken from the path, or from the host name when that is `<bucket>.localhost`. The SDK writes it into the path
// by itself when the endpoint is an IP address, as `url` is; with `localhost` it would need `forcePathStyle`.
// Leaves out: copies of parts, lists of uploads, copy, ranges and conditional reads, versions, tags, encryption, access control, lifecycle, presigned forms.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { type Reply, readBody, startLoopbackServer } from './loopback-server.ts'
import { listObjects } from './s3/list-objects.ts'
import { answerMultipart } from './s3/multipart-uploads.ts'
import { type ObjectRecord, type ObjectStore, openObjectStore } from './s3/object-store.ts'
import { parseRequestBody } from './s3/request-body.ts'
import { errorReply, noSuchKey, S3Error } from './s3/s3-error.ts'

export type S3Options = {
  /** One folder per bucket lives in here. */
  folder: string
  buckets: readonly string[]
  /** As S3 has it unless told otherwise, so that tests may have archives of several parts. */
  smallestPartBytes?: number
  /** 0 (the default) takes a free port. */
  port?: number
}

export type S3 = { url: string; close(): Promise<void> }

const longestObjectBytes = 512 * 1024 * 1024

/** Serves the declared buckets on loopback; an object is on disk before its writer has the answer. */
export async function startS3(options: S3Options): Promise<S3> {
  const stores = new Map(
    options.buckets.map((bucket) => [checkBucketName(bucket), openObjectStore(join(options.folder, bucket))]),
  )
  const server = await startLoopbackServer(options.port ?? 0, async (request) => {
    const reply = await answer(stores, request, options.smallestPartBytes).catch((error: unknown) =>
      errorReply(error, request.url ?? ''),
    )
    return request.method === 'HEAD' ? { ...reply, body: undefined } : reply
  })
  return { url: server.url, close: server.close }
}

async function answer(
  stores: Map<string, ObjectStore>,
  request: IncomingMessage,
  smallestPartBytes?: number,
): Promise<Reply> {
  const received = await readBody(request, longestObjectBytes)
  if (received === undefined) throw new S3Error(400, 'EntityTooLarge', 'The object is too long.')
  const { bucket, key, query } = parseAddress(request)
  const store = stores.get(bucket)
  if (!store) throw new S3Error(404, 'NoSuchBucket', 'The specified bucket does not exist.')
  refuseWhatIsLeftOut(query, request.headers)
  const multipart =
    key === ''
      ? undefined
      : answerMultipart({ bucket, key, query, smallestPartBytes }, store, received, request)
  if (multipart) return multipart
  if (key === '') {
    if (request.method === 'HEAD') return { status: 200 }
    if (request.method === 'GET' && query.get('list-type') === '2') {
      return {
        status: 200,
        headers: { 'content-type': 'application/xml' },
        body: listObjects(bucket, store, query),
      }
    }
  } else if (request.method === 'PUT') return putObject(store, key, received, request.headers)
  else if (request.method === 'GET' || request.method === 'HEAD') return getObject(store, key, request.method)
  else if (request.method === 'DELETE') {
    store.remove(key)
    return { status: 204 }
  }
  throw new S3Error(501, 'NotImplemented', `${request.method} is not implemented here.`)
}

function putObject(store: ObjectStore, key: string, received: Buffer, headers: IncomingHttpHeaders): Reply {
  if (Buffer.byteLength(key) > 1024) throw new S3Error(400, 'KeyTooLongError', 'Your key is too long')
  const { body, checksums } = parseRequestBody(received, headers)
  const current = store.find(key)
  const isRefused =
    (headers['if-none-match'] === '*' && current !== undefined) ||
    (headers['if-match'] !== undefined && headers['if-match'] !== current?.etag)
  if (isRefused)
    throw new S3Error(
      412,
      'PreconditionFailed',
      'At least one of the pre-conditions you specified did not hold',
    )
  const record = store.put(key, body, { ...keptHeaders(headers), ...checksums })
  return { status: 200, headers: { etag: record.etag, ...checksums } }
}

async function getObject(store: ObjectStore, key: string, method: 'GET' | 'HEAD'): Promise<Reply> {
  const record = store.find(key)
  if (!record) throw noSuchKey()
  return {
    status: 200,
    headers: describe(record),
    body: method === 'GET' ? await store.read(record) : undefined,
  }
}

function describe(record: ObjectRecord): Record<string, string> {
  return {
    ...record.headers,
    etag: record.etag,
    'content-length': String(record.sizeBytes),
    'last-modified': new Date(record.lastModified).toUTCString(),
  }
}

/** The headers of a PutObject that come back with the object. `aws-chunked` is how it travelled and no part of its encoding. */
function keptHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const kept: Record<string, string> = { 'content-type': headers['content-type'] ?? 'binary/octet-stream' }
  const names = ['cache-control', 'content-disposition', 'content-language', 'expires']
  for (const [name, value] of Object.entries(headers)) {
    if ((names.includes(name) || name.startsWith('x-amz-meta-')) && typeof value === 'string')
      kept[name] = value
  }
  const encodings = (headers['content-encoding'] ?? '').split(',').map((encoding) => encoding.trim())
  const encoding = encodings.filter((one) => one !== '' && one !== 'aws-chunked').join(', ')
  return encoding === '' ? kept : { ...kept, 'content-encoding': encoding }
}

function parseAddress(request: IncomingMessage): { bucket: string; key: string; query: URLSearchParams } {
  // No URL object for the path: it would resolve `..` within a key.
  const [path = '', search = ''] = (request.url ?? '').split(/\?(.*)/s)
  const query = new URLSearchParams(search)
  const hostBucket = /^(.+)\.localhost(:\d+)?$/.exec(request.headers.host ?? '')?.[1]
  const [bucket = '', ...rest] =
    hostBucket === undefined ? path.slice(1).split('/') : [hostBucket, ...path.slice(1).split('/')]
  try {
    return { bucket, key: decodeURIComponent(rest.join('/')), query }
  } catch {
    throw new S3Error(400, 'InvalidURI', "Couldn't parse the specified URI.")
  }
}

/** Better refused than half done. */
function refuseWhatIsLeftOut(query: URLSearchParams, headers: IncomingHttpHeaders): void {
  const parameters = ['versionId', 'tagging', 'acl', 'attributes', 'delete', 'policy', 'versioning']
  const parameter = parameters.find((name) => query.has(name))
  if (parameter) throw new S3Error(501, 'NotImplemented', `${parameter} is not implemented here.`)
  for (const name of ['x-amz-copy-source', 'range', 'if-modified-since', 'if-unmodified-since']) {
    if (headers[name] !== undefined)
      throw new S3Error(501, 'NotImplemented', `${name} is not implemented here.`)
  }
}

function checkBucketName(bucket: string): string {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket) || bucket.includes('..'))
    throw new Error(`Not a bucket name: ${bucket}`)
  return bucket
}
