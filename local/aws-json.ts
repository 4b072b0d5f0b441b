// The part of the AWS JSON 1.0 and 1.1 protocols that the installed SDK clients of SQS (1.0), EventBridge and Secrets Manager (both 1.1)
// speak: one POST to `/`, the operation in `x-amz-target`, JSON in and out. Signatures are not checked, and CBOR is not
// served: none of these clients sends it.
import { randomUUID } from 'node:crypto'
import { type LoopbackServer, type Reply, readBody, startLoopbackServer } from './loopback-server.ts'

export type JsonObject = Record<string, unknown>

/** An operation gets the parsed body; `signal` aborts when the caller has gone. */
export type AwsOperation = (input: JsonObject, signal: AbortSignal) => Promise<JsonObject> | JsonObject

/** A refusal that the SDK turns into an exception of the same name. */
export class AwsError extends Error {
  readonly code: string
  readonly status: number
  /** The name of the error in the older query protocol, which the SQS client still reports as the error's code. */
  readonly queryCode: string | undefined

  constructor(code: string, message: string, options: { status?: number; queryCode?: string } = {}) {
    super(message)
    this.code = code
    this.status = options.status ?? 400
    this.queryCode = options.queryCode
  }
}

const longestBodyBytes = 16 * 1024 * 1024

/**
 * Serves the operations by their bare names (`SendMessage`). Anything thrown that is no AwsError becomes a 500
 * `InternalFailure`, which the SDK retries, as it would on AWS.
 */
export function startAwsJsonServer(
  service: { targetPrefix: string; jsonVersion: '1.0' | '1.1'; port: number },
  operations: Record<string, AwsOperation>,
): Promise<LoopbackServer> {
  const contentType = `application/x-amz-json-${service.jsonVersion}`
  return startLoopbackServer(service.port, async (request, signal) => {
    try {
      const body = await readBody(request, longestBodyBytes)
      if (body === undefined)
        throw new AwsError('RequestEntityTooLarge', 'The request is too long.', { status: 413 })
      const operation = findOperation(request.headers['x-amz-target'], service.targetPrefix, operations)
      const output = await operation(parseInput(body), signal)
      return { status: 200, headers: headersOf(contentType), body: JSON.stringify(output) }
    } catch (error) {
      return errorReply(error, contentType)
    }
  })
}

function findOperation(
  target: string | string[] | undefined,
  targetPrefix: string,
  operations: Record<string, AwsOperation>,
): AwsOperation {
  const [prefix, name] = typeof target === 'string' ? target.split('.') : []
  const operation =
    prefix === targetPrefix && name && Object.hasOwn(operations, name) ? operations[name] : undefined
  if (!operation) throw new AwsError('UnknownOperationException', `No operation ${String(target)} here.`)
  return operation
}

function parseInput(body: Buffer): JsonObject {
  try {
    const input: unknown = JSON.parse(body.toString('utf8') || '{}')
    if (typeof input === 'object' && input !== null && !Array.isArray(input)) return input as JsonObject
  } catch {
    // falls through to the one refusal below
  }
  throw new AwsError('SerializationException', 'The body is not a JSON object.')
}

function headersOf(contentType: string): Record<string, string> {
  return { 'content-type': contentType, 'x-amzn-requestid': randomUUID() }
}

function errorReply(error: unknown, contentType: string): Reply {
  const known =
    error instanceof AwsError ? error : new AwsError('InternalFailure', String(error), { status: 500 })
  const fault = known.status >= 500 ? 'Receiver' : 'Sender'
  const headers = {
    ...headersOf(contentType),
    ...(known.queryCode ? { 'x-amzn-query-error': `${known.queryCode};${fault}` } : {}),
  }
  return {
    status: known.status,
    headers,
    body: JSON.stringify({ __type: known.code, message: known.message }),
  }
}
