import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { crc32 } from 'node:zlib'
import { S3Error } from './s3-error.ts'

/** The bytes of the object, and the checksum headers that came before or, as trailers, behind them. */
export type RequestBody = { body: Buffer; checksums: Record<string, string> }

/**
 * Takes the object out of a request: unpacks `aws-chunked` (which the SDK sends for streams), checks the length and every checksum
 * that Node can calculate. CRC32C and CRC64NVME are kept unchecked.
 */
export function parseRequestBody(received: Buffer, headers: IncomingHttpHeaders): RequestBody {
  const isChunked =
    String(headers['content-encoding'] ?? '').includes('aws-chunked') ||
    String(headers['x-amz-content-sha256'] ?? '').startsWith('STREAMING-')
  const { body, trailers } = isChunked ? unpackChunks(received) : { body: received, trailers: {} }
  const expectedLength = headers['x-amz-decoded-content-length']
  if (expectedLength !== undefined && Number(expectedLength) !== body.length) {
    throw new S3Error(400, 'IncompleteBody', 'The body is shorter than its header says.')
  }
  const checksums = checksumsOf({ ...headers, ...trailers })
  checkDigests(body, checksums, headers['content-md5']?.toString())
  return { body, checksums }
}

function unpackChunks(received: Buffer): { body: Buffer; trailers: Record<string, string> } {
  const parts: Buffer[] = []
  let position = 0
  for (;;) {
    const lineEnd = received.indexOf('\r\n', position)
    const size = /^([0-9a-fA-F]{1,8})(;.*)?$/.exec(
      lineEnd < 0 ? '' : received.toString('latin1', position, lineEnd),
    )?.[1]
    if (size === undefined) throw new S3Error(400, 'IncompleteBody', 'The chunks of the body are malformed.')
    const sizeBytes = Number.parseInt(size, 16)
    const start = lineEnd + 2
    if (sizeBytes === 0)
      return { body: Buffer.concat(parts), trailers: parseTrailers(received.toString('latin1', start)) }
    const end = start + sizeBytes
    if (received.toString('latin1', end, end + 2) !== '\r\n') {
      throw new S3Error(400, 'IncompleteBody', 'The chunks of the body are malformed.')
    }
    parts.push(received.subarray(start, end))
    position = end + 2
  }
}

function parseTrailers(text: string): Record<string, string> {
  const lines = text.split(/\r?\n/).filter((line) => line.includes(':'))
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()]
    }),
  )
}

const checksumHeader = /^x-amz-checksum-(crc32|crc32c|crc64nvme|sha1|sha256)$/

function checksumsOf(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(
      (one): one is [string, string] => checksumHeader.test(one[0]) && typeof one[1] === 'string',
    ),
  )
}

function checkDigests(body: Buffer, checksums: Record<string, string>, contentMd5: string | undefined): void {
  if (contentMd5 !== undefined && contentMd5 !== createHash('md5').update(body).digest('base64')) {
    throw new S3Error(400, 'BadDigest', 'The Content-MD5 you specified did not match what we received.')
  }
  for (const [name, expected] of Object.entries(checksums)) {
    const calculate = calculations[name]
    if (calculate && calculate(body) !== expected) {
      throw new S3Error(400, 'BadDigest', `The ${name} you specified did not match the calculated checksum.`)
    }
  }
}

const calculations: Record<string, (body: Buffer) => string> = {
  'x-amz-checksum-crc32': (body) => {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(crc32(body))
    return bytes.toString('base64')
  },
  'x-amz-checksum-sha1': (body) => createHash('sha1').update(body).digest('base64'),
  'x-amz-checksum-sha256': (body) => createHash('sha256').update(body).digest('base64'),
}
