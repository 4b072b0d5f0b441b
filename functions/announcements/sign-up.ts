/** Somebody takes part in a webinar, under `ANNOUNCEMENT#<id>` / `SIGN_UP#<person>`; gone when they do not any more. */
export type SignUp = {
  announcementId: string
  personId: string
  email: string
  /** By which they came: times are shown in its time zone. */
  accountId: string
  at: string
  confirmedAt?: string
}

/** The places of a webinar, under `ANNOUNCEMENT#<id>` / `SIGN_UPS`. */
export type Places = { signedUpCount: bigint; capacity?: bigint; endsAt: string; isOpen: boolean }
