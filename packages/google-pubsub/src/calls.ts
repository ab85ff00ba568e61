import type { Outcome } from '@anybroker/driver'
import { isRefusal, unavailable } from './errors.ts'
import { REQUEST_ACK_IDS, REQUEST_BYTES, REQUEST_MESSAGES } from './limits.ts'
import { call, request, type Session } from './session.ts'
import { type Packet, refusal } from './wire.ts'

/** How one ack id, or one copy, ended. */
export type Done = { readonly as: 'ok' } | { readonly as: 'lost' } | { readonly as: 'error'; readonly error: unknown }

const OK: Done = Object.freeze({ as: 'ok' })
const LOST: Done = Object.freeze({ as: 'lost' })

/**
 * Publishes to one topic, one outcome each, in their order. A request holds one ordering key, as the service asks for; requests of
 * different keys run side by side, those of one key one after the other.
 */
export async function publish(
  session: Session,
  topic: string,
  packets: readonly Packet[],
  signal: AbortSignal,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = Array.from({ length: packets.length })
  const lanes = new Map<string, number[]>()
  packets.forEach((packet, index) => {
    const error = refusal(packet)
    if (error !== undefined) outcomes[index] = { as: 'refused', error }
    else {
      const lane = lanes.get(packet.orderingKey ?? '')
      if (lane === undefined) lanes.set(packet.orderingKey ?? '', [index])
      else lane.push(index)
    }
  })
  const one = async (indexes: readonly number[]): Promise<void> => {
    const messages = indexes.map((index) => packets[index] ?? NOTHING)
    try {
      const [{ messageIds }] = await request(signal, () =>
        session.clients.publisher.publish({ topic, messages }, call()),
      )
      indexes.forEach((index, at) => {
        const evidence = messageIds?.[at]
        outcomes[index] =
          evidence === undefined
            ? { as: 'unknown', error: new Error('the service gave no id for it') }
            : { as: 'confirmed', evidence }
      })
    } catch (error) {
      const outcome: Outcome = { as: isRefusal(error) ? 'refused' : 'unknown', error }
      for (const index of indexes) outcomes[index] = outcome
    }
  }
  await Promise.all(
    [...lanes].map(async ([key, indexes]) => {
      const requests = split(indexes, (index) => packets[index]?.data.byteLength ?? 0)
      if (key === '') {
        await Promise.all(requests.map(one))
        return
      }
      for (const part of requests) {
        await one(part)
        if (part.some((index) => outcomes[index]?.as !== 'confirmed')) break
      }
      // Behind one that failed nothing of its key was sent.
      const held: Outcome = {
        as: 'refused',
        error: unavailable('a message of its key before it was not confirmed', 'message'),
      }
      for (const index of indexes) outcomes[index] ??= held
    }),
  )
  return outcomes
}

const NOTHING: Packet = { data: Buffer.alloc(0), attributes: {} }

function split(indexes: readonly number[], bytesOf: (index: number) => number): readonly (readonly number[])[] {
  const parts: number[][] = []
  let part: number[] = []
  let bytes = 0
  for (const index of indexes) {
    const more = bytesOf(index)
    if (part.length > 0 && (part.length >= REQUEST_MESSAGES || bytes + more > REQUEST_BYTES)) {
      parts.push(part)
      part = []
      bytes = 0
    }
    part.push(index)
    bytes += more
  }
  if (part.length > 0) parts.push(part)
  return parts
}

/** Acks, one outcome each, in their order. */
export function acknowledge(
  session: Session,
  subscription: string,
  ackIds: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly Done[]> {
  return inParts(ackIds, (part) =>
    request(signal, () => session.clients.subscriber.acknowledge({ subscription, ackIds: part }, call())),
  )
}

/** Renews leases, or gives back where it is 0: in one request as far as it goes, so that an order is kept. */
export function modifyDeadline(
  session: Session,
  subscription: string,
  ackIds: readonly string[],
  ackDeadlineSeconds: number,
  signal: AbortSignal | undefined,
): Promise<readonly Done[]> {
  return inParts(ackIds, (part) =>
    request(signal, () =>
      session.clients.subscriber.modifyAckDeadline({ subscription, ackIds: part, ackDeadlineSeconds }, call()),
    ),
  )
}

async function inParts(
  ackIds: readonly string[],
  send: (part: string[]) => Promise<unknown>,
): Promise<readonly Done[]> {
  const parts: string[][] = []
  for (let from = 0; from < ackIds.length; from += REQUEST_ACK_IDS)
    parts.push(ackIds.slice(from, from + REQUEST_ACK_IDS))
  const done = await Promise.all(
    parts.map(async (part): Promise<readonly Done[]> => {
      try {
        await send(part)
        return part.map(() => OK)
      } catch (error) {
        return part.map((ackId) => ofAckError(error, ackId))
      }
    }),
  )
  return done.flat()
}

/** With exactly-once delivery the service says for each id what became of it; what it does not name went well. */
export function ofAckError(error: unknown, ackId: string): Done {
  const told: unknown = (error as { readonly errorInfoMetadata?: unknown } | undefined)?.errorInfoMetadata
  if (typeof told !== 'object' || told === null) return { as: 'error', error }
  const failure: unknown = Object.hasOwn(told, ackId) ? (told as Record<string, unknown>)[ackId] : undefined
  if (typeof failure === 'string' && failure.startsWith('PERMANENT_')) return LOST
  if (failure !== undefined) return { as: 'error', error }
  // Of another kind of error, which named none.
  return Object.values(told).some((one) => typeof one === 'string' && /^(?:PERMANENT|TRANSIENT)_/.test(one))
    ? OK
    : { as: 'error', error }
}
