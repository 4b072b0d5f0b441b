import { SQSClient } from '@aws-sdk/client-sqs'
import { createAccess } from '../access/access.store.ts'
import { createAccountStore } from '../accounts/account.store.ts'
import { type Account, MEMBER_ROLES } from '../accounts/account.ts'
import { createConsentStore } from '../consents/consent.store.ts'
import { personIdOf } from '../consents/person-key.ts'
import type { Caller } from '../edge/caller.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { inParallel } from '../edge/in-parallel.ts'
import { daysLater } from '../edge/instant.ts'
import { log } from '../edge/log.ts'
import { createMessageSender } from '../edge/message-sender.client.ts'
import { Problem } from '../edge/problem.ts'
import { RETENTION_DAYS } from '../privacy/retention.ts'
import { createAnnouncementStore } from './announcement.store.ts'
import { type Announcement, isBannerOn, isForClient, isOverSince } from './announcement.ts'
import {
  cancelSignUp,
  dismissAnnouncement,
  listOwnAnnouncements,
  noteAnnouncementRead,
  readEventFile,
  readOwnAnnouncement,
  signUp,
} from './announcements.api.ts'
import { eventFileType, renderEventFile } from './event-file.ts'
import { createPersonStateStore } from './person-state.store.ts'
import type { PersonState } from './person-state.ts'
import { presentAnnouncement } from './present-announcements.ts'
import { createSignUpStore } from './sign-up.store.ts'

const { DOCUMENTS_TABLE, MAILING_QUEUE_URL, SENDER_ADDRESS } = environment(
  'DOCUMENTS_TABLE',
  'MAILING_QUEUE_URL',
  'SENDER_ADDRESS',
)
const options = { client: documentClient(), documentsTable: DOCUMENTS_TABLE }
const access = createAccess(options)
const accounts = createAccountStore(options)
const announcements = createAnnouncementStore(options)
const people = createPersonStateStore(options)
const signUps = createSignUpStore(options)
const consents = createConsentStore(options)
const queue = createMessageSender({ client: new SQSClient({}), queueUrl: MAILING_QUEUE_URL })

const anyMember = { roles: MEMBER_ROLES, despiteTerms: true } as const
/** So many of a person's accounts are looked at for one that an event concerns. */
const MOST_ACCOUNTS = 100
const BANNERS_AT_ONCE = 10

type Viewer = { account: Account; email: string; personId: string }

async function requireViewer(caller: Caller, accountId: string): Promise<Viewer> {
  const account = await access.require(caller, accountId, anyMember)
  // Whoever has access as a member is known by an address.
  const email = caller.email!
  return { account, email, personId: personIdOf(email) }
}

const notFound = (announcementId: string) =>
  new Problem('announcement_not_found', `No announcement ${announcementId} concerns this account.`)

/** Whether a person is to know of what concerns their account: it is service, what they have asked for, or what they take part in. */
async function mayKnow({ announcementId, audience }: Announcement, personId: string): Promise<boolean> {
  if (audience === 'service' || (await consents.mayWrite(personId, audience))) return true
  return (await signUps.read(announcementId, personId)) !== undefined
}

async function isFor(announcement: Announcement, viewer: Viewer, now: string): Promise<boolean> {
  const { account, personId } = viewer
  return isForClient(announcement, account.clientType, now) && mayKnow(announcement, personId)
}

async function requireOwn(announcementId: string, viewer: Viewer): Promise<Announcement> {
  const found = await announcements.read(announcementId)
  if (!found || !(await isFor(found, viewer, new Date().toISOString()))) throw notFound(announcementId)
  return found
}

async function show(announcement: Announcement, { account, personId }: Viewer) {
  const { announcementId, kind } = announcement
  const takesSignUps = kind === 'webinar'
  const [state, taken, places] = await Promise.all([
    people.read(announcementId, personId),
    takesSignUps ? signUps.read(announcementId, personId) : undefined,
    takesSignUps ? signUps.readPlaces(announcementId) : undefined,
  ])
  return presentAnnouncement({ announcement, account, state, signUp: taken, places })
}

/** Whether a person takes part, who may know of it by way of whichever of their accounts; throws for anybody else. */
async function takesPart(announcement: Announcement, email: string | undefined): Promise<boolean> {
  const { announcementId } = announcement
  if (email === undefined) throw notFound(announcementId)
  const personId = personIdOf(email)
  const memberships = await accounts.listMemberships(email, { limit: MOST_ACCOUNTS })
  // Nobody takes part who has left all accounts, even where their place is not given back yet.
  if (memberships.length === 0) throw notFound(announcementId)
  // Whoever took part sees it cancelled.
  if (await signUps.read(announcementId, personId)) return true
  const own = await accounts.readMany(memberships.map(({ accountId }) => accountId))
  const now = new Date().toISOString()
  const concernsOne = own.some(({ clientType }) => isForClient(announcement, clientType, now))
  if (!concernsOne || !(await mayKnow(announcement, personId))) throw notFound(announcementId)
  return false
}

export const handler = httpHandler(
  bind(listOwnAnnouncements, async ({ caller, params: { accountId } }) => {
    const viewer = await requireViewer(caller, accountId)
    const now = new Date().toISOString()
    const banners = (await announcements.listWithBanner(now)).filter((one) => isBannerOn(one, now))
    const shown = await inParallel(banners, BANNERS_AT_ONCE, async (announcement) =>
      (await isFor(announcement, viewer, now)) ? [await show(announcement, viewer)] : [],
    )
    return { status: 200, body: { announcements: shown.flat() } }
  }),

  bind(readOwnAnnouncement, async ({ caller, params: { accountId, announcementId } }) => {
    const viewer = await requireViewer(caller, accountId)
    return { status: 200, body: await show(await requireOwn(announcementId, viewer), viewer) }
  }),

  bind(noteAnnouncementRead, async ({ caller, params: { accountId, announcementId } }) => {
    const viewer = await requireViewer(caller, accountId)
    await note(await requireOwn(announcementId, viewer), viewer, 'readAt')
    return { status: 204 }
  }),

  bind(dismissAnnouncement, async ({ caller, params: { accountId, announcementId } }) => {
    const viewer = await requireViewer(caller, accountId)
    const announcement = await requireOwn(announcementId, viewer)
    if (!announcement.dismissible)
      throw new Problem('announcement_not_dismissible', 'Its banner stays as long as it is announced.')
    await note(announcement, viewer, 'dismissedAt')
    return { status: 204 }
  }),

  bind(signUp, async ({ caller, params: { accountId, announcementId } }) => {
    const viewer = await requireViewer(caller, accountId)
    const announcement = await requireOwn(announcementId, viewer)
    if (announcement.kind !== 'webinar')
      throw new Problem('no_sign_ups', 'This is not something to sign up for.')
    const { email, personId } = viewer
    const at = new Date().toISOString()
    const taken = await signUps.add({ announcementId, personId, email, accountId, at })
    if (!taken.ok) throw new Problem(taken.reason, 'You are not signed up.')
    if (taken.signUp.confirmedAt === undefined) await queueConfirmation(announcementId, personId)
    return { status: 200, body: await show(announcement, viewer) }
  }),

  bind(cancelSignUp, async ({ caller, params: { accountId, announcementId } }) => {
    const { personId } = await requireViewer(caller, accountId)
    const removed = await signUps.remove(announcementId, personId)
    if (!removed.ok) throw new Problem('busy', 'Nothing was changed. Send the same request again.')
    return { status: 204 }
  }),

  bind(readEventFile, async ({ caller, params: { announcementId } }) => {
    const announcement = await announcements.read(announcementId)
    if (!announcement) throw notFound(announcementId)
    const showsLink = caller.kind === 'staff' || (await takesPart(announcement, caller.email))
    const file = renderEventFile(announcement, { organizer: SENDER_ADDRESS, showsLink })
    if (file === undefined) throw notFound(announcementId)
    const headers = {
      'content-type': eventFileType(announcement),
      'content-disposition': 'attachment; filename="event.ics"',
    }
    return { status: 200, body: file, headers }
  }),
)

/** Of what is over for so long that its readers may be forgotten already nothing is noted: nobody counts twice. */
async function note(
  announcement: Announcement,
  { personId }: Viewer,
  what: keyof PersonState,
): Promise<void> {
  const at = new Date().toISOString()
  if (isOverSince(announcement, daysLater(at, -RETENTION_DAYS.announcements))) return
  const noted = await people.note({ announcementId: announcement.announcementId, personId }, what, at)
  if (!noted.ok) throw new Problem('busy', 'Nothing was noted. Send the same request again.')
}

/** Where that fails, or the process dies before, the hourly look does it. */
async function queueConfirmation(announcementId: string, personId: string): Promise<void> {
  await queue.send([{ announcementId, signedUp: personId }]).catch((error: unknown) => {
    log.warn('a confirmation was not queued; the hourly look does it', {
      announcementId,
      error: error as Error,
    })
  })
}
