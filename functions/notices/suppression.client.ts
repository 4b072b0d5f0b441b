import { DeleteSuppressedDestinationCommand, type SESv2Client } from '@aws-sdk/client-sesv2'

/**
 * The mail service keeps a list of its own of addresses that it does not deliver to.
 * https://docs.aws.amazon.com/ses/latest/dg/sending-email-suppression-list.html
 */
export function createSuppressionList({ client }: { client: Pick<SESv2Client, 'send'> }) {
  /** Takes an address off it; one that is not on it is no fault. */
  async function remove(address: string): Promise<void> {
    try {
      await client.send(new DeleteSuppressedDestinationCommand({ EmailAddress: address }))
    } catch (error) {
      if ((error as Error).name !== 'NotFoundException') throw error
    }
  }

  return { remove }
}
