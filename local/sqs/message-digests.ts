import { createHash } from 'node:crypto'
import type { MessageAttribute } from './queue.types.ts'

/** The digest that the SDK checks on every message it sends and receives. */
export function md5OfBody(body: string): string {
  return createHash('md5').update(body, 'utf8').digest('hex')
}

/** The deduplication id of a message without one, in a queue with content-based deduplication: of the body alone, as on SQS. */
export function contentDeduplicationId(body: string): string {
  return createHash('sha256').update(body, 'utf8').digest('hex')
}

/**
 * The digest of a message's attributes as the SQS developer guide lays it down: by name, each part with its length in four
 * bytes, one byte for the kind of value. Undefined without attributes.
 */
export function md5OfAttributes(attributes: Record<string, MessageAttribute>): string | undefined {
  const names = Object.keys(attributes).sort()
  if (names.length === 0) return undefined
  const hash = createHash('md5')
  const add = (part: Buffer) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(part.length)
    hash.update(length).update(part)
  }
  for (const name of names) {
    const attribute = attributes[name]!
    add(Buffer.from(name, 'utf8'))
    add(Buffer.from(attribute.DataType, 'utf8'))
    const isBinary = attribute.DataType.startsWith('Binary')
    hash.update(Buffer.from([isBinary ? 2 : 1]))
    add(
      isBinary
        ? Buffer.from(attribute.BinaryValue ?? '', 'base64')
        : Buffer.from(attribute.StringValue ?? '', 'utf8'),
    )
  }
  return hash.digest('hex')
}

/** What a message counts against SQS's size limit: its body and, for each attribute, name, type and value. */
export function messageSizeBytes(body: string, attributes: Record<string, MessageAttribute>): number {
  let size = Buffer.byteLength(body, 'utf8')
  for (const [name, attribute] of Object.entries(attributes)) {
    size += Buffer.byteLength(name, 'utf8') + Buffer.byteLength(attribute.DataType, 'utf8')
    size += Buffer.byteLength(attribute.StringValue ?? '', 'utf8')
    size += Buffer.from(attribute.BinaryValue ?? '', 'base64').length
  }
  return size
}
