import { createHmac } from 'node:crypto'
import { sha256OfText } from '../edge/sha256.ts'

export type SigningCredentials = { accessKeyId: string; secretAccessKey: string; sessionToken?: string }

const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()

/**
 * An address under which a file of a bucket can be fetched once it is known, for so many seconds: query-string
 * authentication of AWS Signature Version 4
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html). `at` is when it begins to count.
 */
export function signLink(
  file: URL,
  {
    credentials,
    region,
    at,
    seconds,
    fileName,
  }: { credentials: SigningCredentials; region: string; at: Date; seconds: number; fileName?: string },
): string {
  const time = at.toISOString().replace(/[-:]|\.\d{3}/g, '')
  const scope = `${time.slice(0, 8)}/${region}/s3/aws4_request`
  const query: Record<string, string> = {
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${credentials.accessKeyId}/${scope}`,
    'X-Amz-Date': time,
    'X-Amz-Expires': String(seconds),
    'X-Amz-SignedHeaders': 'host',
    ...(credentials.sessionToken && { 'X-Amz-Security-Token': credentials.sessionToken }),
    ...(fileName && { 'response-content-disposition': `attachment; filename="${fileName}"` }),
  }
  const canonicalQuery = Object.keys(query)
    .sort()
    .map((name) => `${escapeUri(name)}=${escapeUri(query[name]!)}`)
    .join('&')
  const request = ['GET', file.pathname, canonicalQuery, `host:${file.host}\n`, 'host', 'UNSIGNED-PAYLOAD']
  const toSign = ['AWS4-HMAC-SHA256', time, scope, sha256OfText(request.join('\n'))].join('\n')
  const key = [region, 's3', 'aws4_request'].reduce<Buffer>(
    hmac,
    hmac(`AWS4${credentials.secretAccessKey}`, time.slice(0, 8)),
  )
  return `${file.origin}${file.pathname}?${canonicalQuery}&X-Amz-Signature=${hmac(key, toSign).toString('hex')}`
}

/** As Signature Version 4 wants it: all but letters, digits and `-._~`. */
function escapeUri(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
