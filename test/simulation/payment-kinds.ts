/** The kinds of entries that tell of money at the provider, and are undone there alone. */
export const PAYMENT_KINDS = ['top_up', 'top_up_refund', 'top_up_refund_failed', 'dispute', 'dispute_won']
