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
  readText(key: string): Promise<string>
  remove(key: string): Promise<void>
  /** An address under which a file can be fetched for so many seconds, by whoever has it. */
  linkTo(key: string, options: { at: Date; seconds: number; fileName: string }): Promise<string>
}

/** The one place of a request's archive. */
export function fileKey({ accountId, requestId }: { accountId: string; requestId: string }): string {
  return `exports/${accountId}/${requestId}.zip`
}
