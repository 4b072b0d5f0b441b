/** All of one announcement stands under this partition key. */
export const announcementPk = (announcementId: string) => `ANNOUNCEMENT#${announcementId}`

export const DOCUMENT = 'ANNOUNCEMENT'
export const BANNER = 'BANNER'
/** How many have signed up, and how many may. */
export const SIGN_UPS = 'SIGN_UPS'
export const SIGN_UP_PREFIX = 'SIGN_UP#'
export const MAILING_PREFIX = 'MAILING#'
export const TAKES_PART_PREFIX = 'SIGN_UP#'
export const COUNTS_PREFIX = 'COUNTS#'
export const signUpKey = (personId: string) => `${SIGN_UP_PREFIX}${personId}`
export const mailingKey = (name: string) => `${MAILING_PREFIX}${name}`
/** What a person did with it stands with all else of the person, so that it is exported and erased with it. */
export const ofAnnouncement = (announcementId: string) => `ANNOUNCEMENT#${announcementId}`
export const takesPartIn = (announcementId: string) => `${TAKES_PART_PREFIX}${announcementId}`
export const mailKey = (mail: string, personId: string) => `MAIL#${mail}#${personId}`
/** Sixteen parts, so that many people at once do not wait for one item. */
export const countsKey = (personId: string) => `${COUNTS_PREFIX}${personId[0]}`

/** Partitions of the index: for staff, by age; banners by their end; mailings by when they are due; sign-ups to confirm. */
export const ALL_ANNOUNCEMENTS = 'STAFF_ANNOUNCEMENTS'
export const BANNERS = 'BANNERS'
export const MAILINGS = 'MAILINGS'
export const TO_CONFIRM = 'SIGN_UPS_TO_CONFIRM'
