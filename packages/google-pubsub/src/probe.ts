import { acknowledge, modifyDeadline, publish } from './calls.ts'
import { call, request, type Session } from './session.ts'
import { PROBE, type Received } from './wire.ts'

/** How long a consumer may take to read a lane that it has open. */
const READING_MS = 1_000
/** How often the lane is looked into after that: one look may find nothing though there is something. */
const LOOKS = 5
const BETWEEN_MS = 200
const MOST = 100

/**
 * Whether anybody reads a lane: the service does not tell who has a stream open. A probe is put there, which every consumer acks on
 * sight; if it is still there, nobody does.
 */
export async function isRead(session: Session, lane: string, signal: AbortSignal): Promise<boolean> {
  const { names, clients, runtime } = session
  const subscription = names.subscriptionPath(lane)
  const id = runtime.id()
  const [put] = await publish(session, names.topicPath(lane), [{ data: NOTHING, attributes: { [PROBE]: id } }], signal)
  if (put?.as !== 'confirmed') throw put?.error
  await runtime.sleep(READING_MS, signal)
  const others: Received[] = []
  let found = false
  try {
    for (let look = 0; look < LOOKS && !found; look += 1) {
      const [{ receivedMessages }] = await request(signal, () =>
        clients.subscriber.pull({ subscription, maxMessages: MOST, returnImmediately: true }, call()),
      )
      const received = receivedMessages ?? []
      // A lane that is full of what waits: look on until the probe comes, or nothing does.
      if (received.length > 0) look -= 1
      else await runtime.sleep(BETWEEN_MS, signal)
      const probes = received.filter(({ message }) => message?.attributes?.[PROBE] !== undefined)
      found = probes.some(({ message }) => message?.attributes?.[PROBE] === id)
      others.push(...received.filter((one) => !probes.includes(one)))
      await acknowledge(session, subscription, probes.map(ackIdOf), signal)
    }
  } finally {
    await modifyDeadline(session, subscription, others.map(ackIdOf), 0, undefined)
  }
  return !found
}

const NOTHING = Buffer.alloc(0)

function ackIdOf({ ackId }: Received): string {
  return ackId ?? ''
}
