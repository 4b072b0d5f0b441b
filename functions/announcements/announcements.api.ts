import { z } from 'zod'
import { accountIdSchema } from '../accounts/account.ts'
import { cursorSchema, limitSchema } from '../edge/cursor.ts'
import { defineRoute } from '../edge/route.ts'
import { announcementContentSchema, announcementIdSchema, changeAnnouncementSchema } from './announcement.ts'
import { announcementRoutes, staffAnnouncementRoutes } from './announcements.routes.ts'
import {
  announcementReply,
  staffAnnouncementInFullReply,
  staffAnnouncementReply,
} from './present-announcements.ts'

const tag = 'Announcements'
const staffParams = z.strictObject({ announcementId: announcementIdSchema })
const ownParams = z.strictObject({ accountId: accountIdSchema, announcementId: announcementIdSchema })
const ownProblems = ['account_not_found', 'role_not_allowed', 'announcement_not_found'] as const

export const createAnnouncement = defineRoute({
  route: staffAnnouncementRoutes.createAnnouncement,
  summary: 'Announce something, by a banner, by e-mail or both; staff',
  tag,
  callers: ['staff'],
  body: announcementContentSchema,
  idempotent: true,
  responses: { 201: { description: 'The announcement', schema: staffAnnouncementReply } },
  problems: ['idempotency_key_reused', 'busy'],
})

export const listAnnouncements = defineRoute({
  route: staffAnnouncementRoutes.listAnnouncements,
  summary: 'All announcements, newest first; staff',
  tag,
  callers: ['staff'],
  query: z.strictObject({ limit: limitSchema(100, 50), cursor: cursorSchema.optional() }),
  responses: {
    200: {
      description: 'A page of announcements',
      schema: z.object({
        announcements: z.array(staffAnnouncementReply),
        nextCursor: z.string().optional(),
      }),
    },
  },
})

export const readAnnouncement = defineRoute({
  route: staffAnnouncementRoutes.readAnnouncement,
  summary: 'An announcement with its e-mails and how many people read it, dismissed it and signed up; staff',
  tag,
  callers: ['staff'],
  params: staffParams,
  responses: { 200: { description: 'The announcement', schema: staffAnnouncementInFullReply } },
  problems: ['announcement_not_found'],
})

export const changeAnnouncement = defineRoute({
  route: staffAnnouncementRoutes.changeAnnouncement,
  summary:
    'Write an announcement anew. Whoever has signed up is told where the event changes; whom e-mails go to stays once they go out',
  tag,
  callers: ['staff'],
  params: staffParams,
  body: changeAnnouncementSchema,
  responses: { 200: { description: 'The announcement as it is now', schema: staffAnnouncementReply } },
  problems: [
    'announcement_not_found',
    'announcement_withdrawn',
    'announcement_sent',
    'changed_meanwhile',
    'busy',
  ],
})

export const withdrawAnnouncement = defineRoute({
  route: staffAnnouncementRoutes.withdrawAnnouncement,
  summary:
    'Withdraw an announcement: its e-mails stop where they are, and whoever has signed up is told that it is cancelled',
  tag,
  callers: ['staff'],
  params: staffParams,
  responses: { 200: { description: 'The announcement as it is now', schema: staffAnnouncementReply } },
  problems: ['announcement_not_found', 'busy'],
})

export const listOwnAnnouncements = defineRoute({
  route: announcementRoutes.listOwnAnnouncements,
  summary: 'The banners for an account now, and what I did with them',
  tag,
  callers: ['client'],
  params: z.strictObject({ accountId: accountIdSchema }),
  responses: {
    200: {
      description: 'The announcements, those that end soonest first; dismissed ones say so',
      schema: z.object({ announcements: z.array(announcementReply) }),
    },
  },
  problems: ['account_not_found', 'role_not_allowed'],
})

export const readOwnAnnouncement = defineRoute({
  route: announcementRoutes.readOwnAnnouncement,
  summary: 'One announcement that concerns an account',
  tag,
  callers: ['client'],
  params: ownParams,
  responses: { 200: { description: 'The announcement', schema: announcementReply } },
  problems: [...ownProblems],
})

export const noteAnnouncementRead = defineRoute({
  route: announcementRoutes.noteAnnouncementRead,
  summary: 'Note that I have read it; again changes nothing',
  tag,
  callers: ['client'],
  params: ownParams,
  responses: { 204: { description: 'It is noted' } },
  problems: [...ownProblems, 'busy'],
})

export const dismissAnnouncement = defineRoute({
  route: announcementRoutes.dismissAnnouncement,
  summary: 'Have its banner no more; again changes nothing',
  tag,
  callers: ['client'],
  params: ownParams,
  responses: { 204: { description: 'It is noted' } },
  problems: [...ownProblems, 'announcement_not_dismissible', 'busy'],
})

export const signUp = defineRoute({
  route: announcementRoutes.signUp,
  summary: 'Take part in a webinar: a confirmation and reminders come by e-mail; again changes nothing',
  tag,
  callers: ['client'],
  params: ownParams,
  responses: {
    200: { description: 'The announcement, with the link to join by', schema: announcementReply },
  },
  problems: [...ownProblems, 'no_sign_ups', 'event_full', 'event_over', 'busy'],
})

export const cancelSignUp = defineRoute({
  route: announcementRoutes.cancelSignUp,
  summary: 'Take part no more; again changes nothing',
  tag,
  callers: ['client'],
  params: ownParams,
  responses: { 204: { description: 'The place is free' } },
  problems: ['account_not_found', 'role_not_allowed', 'busy'],
})

export const readEventFile = defineRoute({
  route: announcementRoutes.readEventFile,
  summary:
    'The event for a calendar (RFC 5545), with the link to join by for whoever has signed up; cancelled once it is withdrawn',
  tag,
  callers: ['staff', 'client'],
  params: staffParams,
  responses: { 200: { description: 'The file', contentType: 'text/calendar', schema: z.string() } },
  problems: ['announcement_not_found'],
})

export const staffAnnouncementsApi = [
  createAnnouncement,
  listAnnouncements,
  readAnnouncement,
  changeAnnouncement,
  withdrawAnnouncement,
]
export const announcementsApi = [
  listOwnAnnouncements,
  readOwnAnnouncement,
  noteAnnouncementRead,
  dismissAnnouncement,
  signUp,
  cancelSignUp,
  readEventFile,
]
