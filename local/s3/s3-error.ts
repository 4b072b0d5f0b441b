import { randomUUID } from 'node:crypto'
import type { Reply } from '../loopback-server.ts'

/** A refusal with the code and the status that S3 documents for it. */
export class S3Error extends Error {
  readonly code: string
  readonly status: number

  constructor(status: number, code: string, message: string) {
    super(message)
    this.code = code
    this.status = status
  }
}

export function noSuchKey(): S3Error {
  return new S3Error(404, 'NoSuchKey', 'The specified key does not exist.')
}

/** The error as XML; anything unforeseen is an InternalError, which the SDK retries. */
export function errorReply(error: unknown, resource: string): Reply {
  const known = error instanceof S3Error ? error : new S3Error(500, 'InternalError', String(error))
  const requestId = randomUUID()
  const body = `<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>${known.code}</Code><Message>${escapeXml(known.message)}</Message><Resource>${escapeXml(resource)}</Resource><RequestId>${requestId}</RequestId></Error>`
  return {
    status: known.status,
    headers: { 'content-type': 'application/xml', 'x-amz-request-id': requestId },
    body,
  }
}

/** Text for XML; control characters become references. */
export function escapeXml(text: string): string {
  return text.replaceAll(/[&<>"'\p{Cc}]/gu, (character) => `&#${character.codePointAt(0)};`)
}
