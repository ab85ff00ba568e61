import { expect, test } from 'vitest'
import { ofAckError, publish } from './calls.ts'
import type { Session } from './session.ts'
import type { Packet } from './wire.ts'

const SIGNAL = new AbortController().signal
const packet = (text: string, orderingKey?: string): Packet => ({
  data: Buffer.from(text),
  attributes: { 'ab-id': 'x' },
  ...(orderingKey === undefined ? {} : { orderingKey }),
})

/** A publisher that notes what it was asked, and fails where it is told to. */
function publisher(fails: (texts: string) => Error | undefined): {
  readonly session: Session
  readonly asked: string[]
} {
  const asked: string[] = []
  const session = {
    clients: {
      publisher: {
        publish: async ({ messages }: { readonly messages: readonly Packet[] }) => {
          const texts = messages.map(({ data }) => data.toString().slice(0, 10)).join(',')
          asked.push(texts)
          const error = fails(texts)
          if (error !== undefined) throw error
          return [{ messageIds: messages.map(({ data }) => `id-${data.toString().slice(0, 10)}`) }]
        },
      },
    },
  } as unknown as Session
  return { session, asked }
}

test('one request for each key, one outcome for each message in their order', async () => {
  const { session, asked } = publisher(() => undefined)
  const outcomes = await publish(
    session,
    't',
    [packet('a', 'k'), packet('b', 'l'), packet('c', 'k'), packet('d')],
    SIGNAL,
  )
  expect(asked.toSorted()).toEqual(['a,c', 'b', 'd'])
  expect(outcomes.map((outcome) => outcome.as === 'confirmed' && outcome.evidence)).toEqual([
    'id-a',
    'id-b',
    'id-c',
    'id-d',
  ])
})

test('requests keep within 9 MB, and of a key nothing follows what failed', async () => {
  const large = (text: string, key?: string) => packet(text + ' '.repeat(5_000_000), key)
  const down = Object.assign(new Error('14 UNAVAILABLE: Connection dropped'), { code: 14 })
  const { session, asked } = publisher((texts) => (texts.startsWith('b') ? down : undefined))
  const outcomes = await publish(session, 't', [large('a', 'k'), large('b', 'k'), large('c', 'k'), large('d')], SIGNAL)
  expect(asked.map((texts) => texts.trim()).toSorted()).toEqual(['a', 'b', 'd'])
  expect(outcomes.map(({ as }) => as)).toEqual(['confirmed', 'unknown', 'refused', 'confirmed'])
})

test('what the service would refuse is not sent, and its neighbours are', async () => {
  const { session, asked } = publisher(() => undefined)
  const bad: Packet = { data: Buffer.alloc(0), attributes: { google: 'x' } }
  const outcomes = await publish(session, 't', [packet('a'), bad, packet('b')], SIGNAL)
  expect(asked).toEqual(['a,b'])
  expect(outcomes.map(({ as }) => as)).toEqual(['confirmed', 'refused', 'confirmed'])
})

test('what the service says no to is refused, what broke on the way unknown', async () => {
  const missing = Object.assign(new Error('5 NOT_FOUND'), { code: 5 })
  const { session } = publisher(() => missing)
  expect(await publish(session, 't', [packet('a')], SIGNAL)).toEqual([{ as: 'refused', error: missing }])
})

test('with exactly-once delivery each ack id has its own answer', () => {
  const error = Object.assign(new Error('some failed'), {
    code: 9,
    errorInfoMetadata: { one: 'PERMANENT_FAILURE_INVALID_ACK_ID', two: 'TRANSIENT_FAILURE_SERVICE_UNAVAILABLE' },
  })
  expect(ofAckError(error, 'one')).toEqual({ as: 'lost' })
  expect(ofAckError(error, 'two')).toMatchObject({ as: 'error' })
  expect(ofAckError(error, 'three')).toEqual({ as: 'ok' })
  expect(ofAckError(new Error('all failed'), 'one')).toMatchObject({ as: 'error' })
})
