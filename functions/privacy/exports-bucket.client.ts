import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import type { ExportsBucket, UploadedPart } from './exports-bucket.ts'
import { signLink } from './sign-link.ts'

/** The bucket of exports: archives that are put together of parts, and how far one has come. */
export function createExportsBucket({
  client,
  bucket,
  endpoint,
}: {
  client: S3Client
  bucket: string
  /** Of a stand-in; unset, AWS's own. */
  endpoint?: string
}): ExportsBucket {
  async function begin(key: string): Promise<string> {
    const { UploadId } = await client.send(
      new CreateMultipartUploadCommand({ Bucket: bucket, Key: key, ContentType: 'application/zip' }),
    )
    return UploadId!
  }

  async function addPart(
    key: string,
    uploadId: string,
    number: number,
    body: Buffer,
  ): Promise<UploadedPart | undefined> {
    try {
      const { ETag } = await client.send(
        new UploadPartCommand({
          ...{ Bucket: bucket, Key: key, UploadId: uploadId, PartNumber: number, Body: body },
        }),
      )
      return { number, etag: ETag! }
    } catch (error) {
      if (error instanceof Error && error.name === 'NoSuchUpload') return undefined
      throw error
    }
  }

  async function complete(key: string, uploadId: string, parts: readonly UploadedPart[]): Promise<boolean> {
    const Parts = parts.map(({ number, etag }) => ({ PartNumber: number, ETag: etag }))
    try {
      const MultipartUpload = { Parts }
      await client.send(
        new CompleteMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: uploadId, MultipartUpload }),
      )
      return true
    } catch (error) {
      const name = error instanceof Error ? error.name : ''
      if (name === 'NoSuchUpload') return (await sizeOf(key)) !== undefined
      if (name === 'InvalidPart') return false
      throw error
    }
  }

  async function sizeOf(key: string): Promise<number | undefined> {
    try {
      return (await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }))).ContentLength
    } catch (error) {
      if (error instanceof Error && error.name === 'NotFound') return undefined
      throw error
    }
  }

  async function putText(key: string, text: string): Promise<void> {
    await client.send(
      new PutObjectCommand({ Bucket: bucket, Key: key, Body: text, ContentType: 'application/json' }),
    )
  }

  async function readText(key: string): Promise<string | undefined> {
    try {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
      return await Body!.transformToString('utf-8')
    } catch (error) {
      if (error instanceof Error && error.name === 'NoSuchKey') return undefined
      throw error
    }
  }

  async function removeAll(prefix: string): Promise<void> {
    let ContinuationToken: string | undefined
    do {
      const page = await client.send(
        new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken }),
      )
      for (const { Key } of page.Contents ?? [])
        await client.send(new DeleteObjectCommand({ Bucket: bucket, Key }))
      ContinuationToken = page.NextContinuationToken
    } while (ContinuationToken !== undefined)
  }

  async function abort(key: string, uploadId: string): Promise<void> {
    try {
      await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: uploadId }))
    } catch (error) {
      if (!(error instanceof Error && error.name === 'NoSuchUpload')) throw error
    }
  }

  async function linkTo(
    key: string,
    options: { at: Date; seconds: number; fileName: string },
  ): Promise<string> {
    const [credentials, region] = [await client.config.credentials(), await client.config.region()]
    // At an endpoint of one's own a bucket is a folder, at AWS a host.
    const place = endpoint ? `${endpoint}/${bucket}/` : `https://${bucket}.s3.${region}.amazonaws.com/`
    return signLink(new URL(key, place), { credentials, region, ...options })
  }

  return { begin, addPart, complete, sizeOf, putText, readText, removeAll, abort, linkTo }
}
