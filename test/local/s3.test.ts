import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  NoSuchBucket,
  NoSuchKey,
  NotFound,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
} from '@aws-sdk/client-s3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type S3, startS3 } from '../../local/s3.ts'

let folder: string
let s3: S3
let client: S3Client

const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }

async function start(): Promise<void> {
  s3 = await startS3({ folder: join(folder, 's3'), buckets: ['drawdown-files'] })
  client = new S3Client({ endpoint: s3.url, region: 'us-east-1', credentials, maxAttempts: 1 })
}

const put = (Key: string, Body: PutObjectCommandInput['Body'], shape: Partial<PutObjectCommandInput> = {}) =>
  client.send(new PutObjectCommand({ Bucket: 'drawdown-files', Key, Body, ...shape }))

const get = async (Key: string) => {
  const result = await client.send(new GetObjectCommand({ Bucket: 'drawdown-files', Key }))
  return { ...result, text: await result.Body!.transformToString() }
}

const list = (shape: object = {}) =>
  client.send(new ListObjectsV2Command({ Bucket: 'drawdown-files', ...shape }))

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'drawdown-s3-'))
  await start()
})

afterEach(async () => {
  client.destroy()
  await s3.close()
  rmSync(folder, { recursive: true })
})

describe('objects', () => {
  test('come back with their bytes, type and metadata, also after a restart', async () => {
    const written = await put('rate-decks/voice/1.json.gz', Buffer.from([0, 255, 10, 13]), {
      ContentType: 'application/json',
      ContentEncoding: 'gzip',
      Metadata: { version: '1' },
    })
    await s3.close()
    await start()
    const read = await get('rate-decks/voice/1.json.gz')
    expect(read).toMatchObject({
      ContentType: 'application/json',
      ContentEncoding: 'gzip',
      ContentLength: 4,
      Metadata: { version: '1' },
      ETag: written.ETag,
    })
    const head = await client.send(
      new HeadObjectCommand({ Bucket: 'drawdown-files', Key: 'rate-decks/voice/1.json.gz' }),
    )
    expect(head).toMatchObject({ ContentLength: 4, Metadata: { version: '1' }, ETag: written.ETag })
  })

  test('may be sent as a stream, in chunks with a trailing checksum', async () => {
    const body = 'x'.repeat(200_000)
    await put(
      'stream',
      Readable.from([body.slice(0, 70_000), body.slice(70_000)].map((part) => Buffer.from(part))),
      {
        ContentLength: body.length,
      },
    )
    const read = await get('stream')
    expect(read.text).toBe(body)
    expect(read.ContentEncoding).toBeUndefined()
    expect(read.ChecksumCRC32).toBeDefined()
  })

  test('may have any checksum, and are refused when it does not fit', async () => {
    for (const ChecksumAlgorithm of ['CRC32', 'CRC32C', 'SHA1', 'SHA256', 'CRC64NVME'] as const) {
      await put('sum', 'hello', { ChecksumAlgorithm })
      expect((await get('sum')).text).toBe('hello')
    }
    await expect(put('sum', 'hello', { ChecksumSHA256: 'AAAA' })).rejects.toMatchObject({ name: 'BadDigest' })
  })

  test('are not overwritten with If-None-Match: *', async () => {
    const { ETag } = await put('once', 'first', { IfNoneMatch: '*' })
    await expect(put('once', 'second', { IfNoneMatch: '*' })).rejects.toMatchObject({
      name: 'PreconditionFailed',
      $metadata: { httpStatusCode: 412 },
    })
    expect((await get('once')).text).toBe('first')
    await expect(put('once', 'third', { IfMatch: '"other"' })).rejects.toMatchObject({
      name: 'PreconditionFailed',
    })
    await put('once', 'third', { IfMatch: ETag })
    expect((await get('once')).text).toBe('third')
  })

  test('of many writers at once, exactly one wins with If-None-Match: *', async () => {
    const writes = Array.from({ length: 20 }, (_, index) =>
      put('once', `writer ${index}`, { IfNoneMatch: '*' }),
    )
    const results = await Promise.allSettled(writes)
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1)
  })

  test('are gone when deleted, which is no error twice', async () => {
    await put('gone', 'x')
    for (let time = 0; time < 2; time++) {
      await client.send(new DeleteObjectCommand({ Bucket: 'drawdown-files', Key: 'gone' }))
    }
    await expect(get('gone')).rejects.toBeInstanceOf(NoSuchKey)
    const head = new HeadObjectCommand({ Bucket: 'drawdown-files', Key: 'gone' })
    await expect(client.send(head)).rejects.toBeInstanceOf(NotFound)
    expect(readdirSync(join(folder, 's3/drawdown-files'))).toEqual([])
  })

  test('are found under any key, and no key escapes the folder', async () => {
    const keys = [
      '../../escaped',
      '/absolute',
      'a//b',
      'a',
      'a/b',
      './x',
      'ü €+ %2F?&#',
      `long/${'x'.repeat(900)}`,
      '__proto__',
      '<&">',
    ]
    for (const key of keys) await put(key, `body of ${key}`)
    for (const key of keys) expect((await get(key)).text).toBe(`body of ${key}`)
    expect((await list()).Contents?.map((one) => one.Key).sort()).toEqual([...keys].sort())
    expect(readdirSync(folder)).toEqual(['s3'])
    expect(readdirSync(join(folder, 's3'))).toEqual(['drawdown-files'])
  })

  test('that were half written when the process died are cleared away at the next start', async () => {
    await put('whole', 'x')
    await s3.close()
    const bucketFolder = join(folder, 's3/drawdown-files')
    writeFileSync(join(bucketFolder, 'abc.def.body'), 'half')
    writeFileSync(join(bucketFolder, 'abc.def.body.unfinished'), '{"key":')
    await start()
    expect((await get('whole')).text).toBe('x')
    expect(readdirSync(bucketFolder)).toHaveLength(2)
  })
})

describe('listing', () => {
  test('goes by prefix, groups by delimiter and pages in the order of the keys', async () => {
    for (const key of ['terms/b/1/en.md', 'terms/a/1/en.md', 'terms/a/1/de.md', 'terms/index', 'other'])
      await put(key, 'x')
    const grouped = await list({ Prefix: 'terms/', Delimiter: '/' })
    expect(grouped.CommonPrefixes?.map((one) => one.Prefix)).toEqual(['terms/a/', 'terms/b/'])
    expect(grouped.Contents).toMatchObject([{ Key: 'terms/index', Size: 1 }])
    const keys: (string | undefined)[] = []
    let ContinuationToken: string | undefined
    do {
      const page = await list({ Prefix: 'terms/', MaxKeys: 2, ContinuationToken })
      keys.push(...(page.Contents ?? []).map((one) => one.Key))
      ContinuationToken = page.NextContinuationToken
    } while (ContinuationToken)
    expect(keys).toEqual(['terms/a/1/de.md', 'terms/a/1/en.md', 'terms/b/1/en.md', 'terms/index'])
    expect((await list({ StartAfter: 'terms/b/1/en.md' })).Contents?.map((one) => one.Key)).toEqual([
      'terms/index',
    ])
    expect((await list({ Prefix: 'none' })).KeyCount).toBe(0)
  })
})

describe('addresses', () => {
  test('an unknown bucket is an error of that name', async () => {
    const other = new PutObjectCommand({ Bucket: 'other', Key: 'a', Body: 'x' })
    await expect(client.send(other)).rejects.toMatchObject({ name: NoSuchBucket.name })
  })

  test('a bucket in the host name is found too', async () => {
    await put('a/b', 'x')
    const status = await new Promise((resolve, reject) => {
      const { port } = new URL(s3.url)
      const options = {
        host: '127.0.0.1',
        port,
        path: '/a/b',
        headers: { host: `drawdown-files.localhost:${port}` },
      }
      request(options, (response) => resolve(response.resume().statusCode))
        .once('error', reject)
        .end()
    })
    expect(status).toBe(200)
  })

  test('what is left out is refused rather than half done', async () => {
    await put('a', 'x')
    const range = new GetObjectCommand({ Bucket: 'drawdown-files', Key: 'a', Range: 'bytes=0-1' })
    await expect(client.send(range)).rejects.toMatchObject({ name: 'NotImplemented' })
    await expect(startS3({ folder, buckets: ['../x'] })).rejects.toThrow(/bucket name/)
  })
})
