import { errorType } from './client/port.ts'
import { readsOf } from './sources.ts'
import { refOf } from './registry.ts'
import type { Session } from './session.ts'

/** Kafka forgets the offsets of a group without members after 7 days, by default: they are written again each day. */
const TOUCH_MS = 24 * 60 * 60_000
const touched = new WeakMap<Session, number>()

/** Trims what is settled of the topics that are kept for ever, and keeps the offsets of subscriptions whose consumers are away. */
export async function maintain(session: Session, signal: AbortSignal): Promise<void> {
  await trim(session, signal)
  const { runtime } = session
  const last = touched.get(session)
  if (last !== undefined && runtime.now() - last < TOUCH_MS) return
  touched.set(session, runtime.now())
  // The first time a day after the connection was made: those that come and go in between have others.
  if (last !== undefined) await touch(session, signal)
}

async function trim({ receivers, client, names }: Session, signal: AbortSignal): Promise<void> {
  for (const [receiver] of receivers) {
    const { topics, shared, group } = readsOf(names, receiver.source)
    for (const topic of group === '' ? [] : topics) {
      if (topic === shared) continue
      const before = new Map(
        receiver.committed
          .filter((one) => one.topic === topic && one.offset > 0)
          .map(({ partition, offset }) => [partition, offset]),
      )
      signal.throwIfAborted()
      if (before.size > 0) await client.deleteRecords(topic, before)
    }
  }
}

async function touch({ registry, client, names }: Session, signal: AbortSignal): Promise<void> {
  for (const [key, entry] of await registry.all()) {
    const ref = refOf(key, entry)
    if (ref?.kind !== 'subscription') continue
    signal.throwIfAborted()
    const { group, topics } = readsOf(names, ref)
    const committed = await client.committed(group, await client.topics(topics))
    try {
      if (committed.length > 0) await client.commitIdle(group, committed)
    } catch (error) {
      // With members it needs no help.
      if (errorType(error) !== 'UNKNOWN_MEMBER_ID') throw error
    }
  }
}
