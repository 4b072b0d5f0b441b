import { createHash, randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Reply } from '../loopback-server.ts'
import type { ObjectStore } from './object-store.ts'
import { parseRequestBody } from './request-body.ts'
import { escapeXml, S3Error } from './s3-error.ts'

type Part = { body: Buffer; etag: string }
type Upload = { place: string; contentType: string; parts: Map<number, Part> }

/** S3 takes no smaller part but the last. */
const SMALLEST_PART_BYTES = 5 * 1024 * 1024

/** Uploads that are neither completed nor aborted: theirs are the ids that S3 gives, so that no two buckets share one. */
const uploads = new Map<string, Upload>()

type Address = { bucket: string; key: string; query: URLSearchParams; smallestPartBytes?: number }

/** CreateMultipartUpload, UploadPart, CompleteMultipartUpload, AbortMultipartUpload; undefined for any other request. */
export function answerMultipart(
  { bucket, key, query, smallestPartBytes = SMALLEST_PART_BYTES }: Address,
  store: ObjectStore,
  received: Buffer,
  request: IncomingMessage,
): Reply | undefined {
  const place = `${bucket}/${key}`
  if (query.has('uploads') && request.method === 'POST') return begin(bucket, key, place, request)
  const uploadId = query.get('uploadId')
  if (uploadId === null) return undefined
  const upload = uploads.get(uploadId)
  if (upload?.place !== place)
    throw new S3Error(404, 'NoSuchUpload', 'The specified multipart upload does not exist.')
  if (request.method === 'PUT')
    return addPart(upload, Number(query.get('partNumber')), parseRequestBody(received, request.headers).body)
  if (request.method === 'POST')
    return complete(upload, uploadId, received.toString('utf8'), { bucket, key, store, smallestPartBytes })
  if (request.method !== 'DELETE') throw new S3Error(501, 'NotImplemented', 'is not implemented here.')
  uploads.delete(uploadId)
  return { status: 204 }
}

function begin(bucket: string, key: string, place: string, request: IncomingMessage): Reply {
  const uploadId = randomUUID()
  const contentType = request.headers['content-type'] ?? 'binary/octet-stream'
  uploads.set(uploadId, { place, contentType, parts: new Map() })
  return xml(
    `<InitiateMultipartUploadResult><Bucket>${bucket}</Bucket><Key>${escapeXml(key)}</Key><UploadId>${uploadId}</UploadId></InitiateMultipartUploadResult>`,
  )
}

function addPart(upload: Upload, number: number, body: Buffer): Reply {
  if (!Number.isInteger(number) || number < 1 || number > 10_000)
    throw new S3Error(400, 'InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive')
  const etag = `"${createHash('md5').update(body).digest('hex')}"`
  upload.parts.set(number, { body, etag })
  return { status: 200, headers: { etag } }
}

function complete(
  upload: Upload,
  uploadId: string,
  text: string,
  {
    bucket,
    key,
    store,
    smallestPartBytes,
  }: { bucket: string; key: string; store: ObjectStore; smallestPartBytes: number },
): Reply {
  const named = [...text.matchAll(/<Part>([\s\S]*?)<\/Part>/g)].map(([, part = '']) => ({
    number: Number(/<PartNumber>(\d+)</.exec(part)?.[1]),
    etag: unescapeQuotes(/<ETag>([^<]*)</.exec(part)?.[1] ?? ''),
  }))
  const parts = named.map(({ number, etag }) => {
    const part = upload.parts.get(number)
    if (part?.etag !== etag)
      throw new S3Error(400, 'InvalidPart', 'One or more of the specified parts could not be found.')
    return part
  })
  if (parts.slice(0, -1).some(({ body }) => body.length < smallestPartBytes))
    throw new S3Error(400, 'EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size')
  const headers = { 'content-type': upload.contentType }
  const record = store.put(key, Buffer.concat(parts.map(({ body }) => body)), headers)
  uploads.delete(uploadId)
  return xml(
    `<CompleteMultipartUploadResult><Bucket>${bucket}</Bucket><Key>${escapeXml(key)}</Key><ETag>${escapeXml(record.etag)}</ETag></CompleteMultipartUploadResult>`,
  )
}

const unescapeQuotes = (text: string) => text.replaceAll(/&quot;|&#34;/g, '"')

function xml(inside: string): Reply {
  const body = `<?xml version="1.0" encoding="UTF-8"?>${inside}`
  return { status: 200, headers: { 'content-type': 'application/xml' }, body }
}
