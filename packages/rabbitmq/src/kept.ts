import { unavailable, replyCode } from './errors.ts'
import { type Identity, parseIdentity } from './identity.ts'
import type { Session } from './session.ts'

/** Of dead letters: being looked at must not end them. Without a limit RabbitMQ 4 drops at 20. */
const LETTERS_LIMIT = 1_000_000_000

/** The logical name of an entity, `orders` or `order-placed/billing`, for lists. RabbitMQ keeps it and compares it with nothing. */
export const NAME_ARGUMENT = 'ab-name'

/** How a dead-letter queue is declared, with the identity and the logical name of its owner in it. */
export function deadOptions(identity: string, name: string): { durable: true; arguments: Record<string, unknown> } {
  return {
    durable: true,
    arguments: {
      'x-queue-type': 'quorum',
      'x-delivery-limit': LETTERS_LIMIT,
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': identity,
      [NAME_ARGUMENT]: name,
    },
  }
}

/** Nothing is called so: whoever declares it is told what is there. */
const NOBODY = '?'

/**
 * What the owner of a dead-letter queue is; undefined where we may not ask, which needs the right to configure the queue. Rejects
 * with a 404 where there is none.
 */
export async function readIdentity(
  session: Session,
  dead: string,
): Promise<(Identity & { readonly life: string }) | undefined> {
  try {
    await session.aside(async (channel) => {
      await channel.checkQueue(dead)
      await channel.assertQueue(dead, deadOptions(NOBODY, NOBODY))
    })
  } catch (error) {
    const code = replyCode(error)
    if (code === 403) return undefined
    const found = code === 406 && error instanceof Error ? parseIdentity(error.message) : undefined
    if (found === undefined) throw error
    return found
  }
  throw unavailable(`the queue ${dead} was deleted while it was looked at`, 'receiver')
}
