/** Payments that staff have to look at. */
export const paymentExceptionRoutes = {
  listPaymentExceptions: 'GET /v1/staff/payment-exceptions',
  resolvePaymentException: 'POST /v1/staff/payment-exceptions/{accountId}/{exceptionId}/resolution',
} as const
