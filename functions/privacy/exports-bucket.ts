/** S3 takes no smaller part but the last (https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html). */
export const SMALLEST_PART_BYTES = 5 * 1024 * 1024

export type UploadedPart = { number: number; etag: string }

/** Where archives are put together of parts, and kept for a week. */
export type ExportsBucket = {
  /** Begins an archive; its parts are nobody's file before it is completed. */
  begin(key: string): Promise<string>
  /** Undefined when there is no such upload any more: it was completed, or given up after a day. */
  addPart(key: string, uploadId: string, number: number, body: Buffer): Promise<UploadedPart | undefined>
  /** Makes the archive of its parts. `false` when they are not what was noted: then it is begun anew. Done already is done. */
  complete(key: string, uploadId: string, parts: readonly UploadedPart[]): Promise<boolean>
  /** Undefined where there is no such file. */
  sizeOf(key: string): Promise<number | undefined>
  putText(key: string, text: string): Promise<void>
  /** Undefined where there is no such file. */
  readText(key: string): Promise<string | undefined>
  /** Deletes all files whose names begin so. */
  removeAll(prefix: string): Promise<void>
  /** Gives up an archive with the parts that were sent; one that is not there any more is given up. */
  abort(key: string, uploadId: string): Promise<void>
  /** An address under which a file can be fetched for so many seconds, by whoever has it. */
  linkTo(key: string, options: { at: Date; seconds: number; fileName: string }): Promise<string>
}

/**
 * Removes an export for good, wherever its writing had come to: the archive, the states beside it, and the parts that are
 * nobody's file yet. Parts whose upload no state names are given up by the bucket after a day.
 */
export async function removeExport(
  bucket: Pick<ExportsBucket, 'readText' | 'abort' | 'removeAll'>,
  request: { accountId: string; requestId: string; progress: { cursor?: string } },
): Promise<void> {
  const key = fileKey(request)
  const { cursor } = request.progress
  const state = cursor === undefined ? undefined : await bucket.readText(cursor)
  if (state !== undefined) await bucket.abort(key, JSON.parse(state).uploadId)
  await bucket.removeAll(key)
}

/** The one place of a request's archive. */
export function fileKey({ accountId, requestId }: { accountId: string; requestId: string }): string {
  return `exports/${accountId}/${requestId}.zip`
}
