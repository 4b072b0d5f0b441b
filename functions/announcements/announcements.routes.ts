/** What staff announce, and what clients see of it. */
export const staffAnnouncementRoutes = {
  createAnnouncement: 'POST /v1/staff/announcements',
  listAnnouncements: 'GET /v1/staff/announcements',
  readAnnouncement: 'GET /v1/staff/announcements/{announcementId}',
  changeAnnouncement: 'PUT /v1/staff/announcements/{announcementId}',
  withdrawAnnouncement: 'POST /v1/staff/announcements/{announcementId}/withdrawal',
} as const

export const announcementRoutes = {
  listOwnAnnouncements: 'GET /v1/accounts/{accountId}/announcements',
  readOwnAnnouncement: 'GET /v1/accounts/{accountId}/announcements/{announcementId}',
  noteAnnouncementRead: 'POST /v1/accounts/{accountId}/announcements/{announcementId}/reads',
  dismissAnnouncement: 'POST /v1/accounts/{accountId}/announcements/{announcementId}/dismissals',
  signUp: 'POST /v1/accounts/{accountId}/announcements/{announcementId}/sign-ups',
  cancelSignUp: 'DELETE /v1/accounts/{accountId}/announcements/{announcementId}/sign-ups',
  readEventFile: 'GET /v1/announcements/{announcementId}/event.ics',
} as const
