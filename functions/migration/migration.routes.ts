/** Credit for clients of the billing before: staff only. */
export const migrationRoutes = {
  giveMigrationCredits: 'POST /v1/staff/migration-credits',
} as const
