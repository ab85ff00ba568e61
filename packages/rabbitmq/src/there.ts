import type { Channel } from 'amqplib'
import { replyCode } from './errors.ts'
import type { Session } from './session.ts'

/** Whether they are there, which anybody may ask. */
export function hasExchange(session: Session, name: string): Promise<boolean> {
  return has(session, (channel) => channel.checkExchange(name))
}

export function hasQueue(session: Session, name: string): Promise<boolean> {
  return has(session, (channel) => channel.checkQueue(name))
}

async function has(session: Session, look: (channel: Channel) => Promise<unknown>): Promise<boolean> {
  try {
    await session.aside(look)
    return true
  } catch (error) {
    if (replyCode(error) === 404) return false
    throw error
  }
}
