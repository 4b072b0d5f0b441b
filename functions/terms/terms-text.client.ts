import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'

const TRIES = 4

/** The texts of published documents: files that are written once. */
export function createTermsTexts({ client, filesBucket }: { client: S3Client; filesBucket: string }) {
  /** Keeps a text under a key that carries its hash, so that a file which is there already has this very text. */
  async function keep(key: string, text: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        const ContentType = 'text/markdown; charset=utf-8'
        await client.send(
          new PutObjectCommand({ Bucket: filesBucket, Key: key, Body: text, ContentType, IfNoneMatch: '*' }),
        )
        return
      } catch (error) {
        const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode
        if (status === 412) return
        // 409: somebody else is writing the same file at this moment.
        if (status !== 409 || attempt === TRIES) throw error
      }
    }
  }

  async function read(key: string): Promise<string> {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: filesBucket, Key: key }))
    if (!Body) throw new Error(`the text ${key} is empty`)
    return Body.transformToString('utf-8')
  }

  return { keep, read }
}
