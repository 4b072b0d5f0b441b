import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { closeServer, listenOnLoopback } from './listen-on-loopback.ts'

export type LoopbackServer = { url: string; port: number; close(): Promise<void> }

export type Reply = { status: number; headers?: Record<string, string>; body?: string | Buffer }

/** Answers one request; `signal` aborts when the caller has gone before the answer. */
export type Respond = (request: IncomingMessage, signal: AbortSignal) => Promise<Reply>

/**
 * A plain HTTP server on 127.0.0.1 alone; port 0 takes a free one. `close()` drops open connections and resolves when the port is free.
 * The URL holds the IP address on purpose: with an IP endpoint the AWS SDK's S3 client writes the bucket into the path, with
 * `localhost` it would look up `<bucket>.localhost`.
 */
export async function startLoopbackServer(port: number, respond: Respond): Promise<LoopbackServer> {
  const server = createServer((request, response) => {
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    respond(request, gone.signal)
      .catch((error: unknown) => ({ status: 500, body: String(error) }))
      .then((reply) => write(response, reply))
  })
  const listening = await listenOnLoopback(server, port)
  return { url: `http://127.0.0.1:${listening}`, port: listening, close: () => closeServer(server) }
}

/** The whole body of a request; undefined when it is longer than `limitBytes`. */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let lengthBytes = 0
  for await (const chunk of request) {
    lengthBytes += (chunk as Buffer).length
    if (lengthBytes <= limitBytes) chunks.push(chunk as Buffer)
  }
  return lengthBytes > limitBytes ? undefined : Buffer.concat(chunks)
}

function write(response: ServerResponse, reply: Reply): void {
  if (response.destroyed) return
  // The date is the stack's own (virtual) time: the SDK corrects its idea of the time by this header.
  response.writeHead(reply.status, { date: new Date().toUTCString(), ...reply.headers })
  response.end(reply.body ?? '')
}
