import {
  BrokerError,
  type Connection,
  type ConnectionState,
  type Driver,
  type Outcome,
  type Receiver,
  type Sender,
  type WireMessage,
} from '@anybroker/driver'
import { memory } from '@anybroker/memory'
import { virtualTime, type VirtualTime } from '@anybroker/testkit'
import { Events } from '../src/events.ts'
import { Link } from '../src/link/link.ts'

/** What a fake sender answers to one batch. */
export type Answer = (batch: readonly WireMessage[], signal: AbortSignal) => Promise<readonly Outcome[]>

export interface FakeLink {
  readonly time: VirtualTime
  readonly link: Link
  /** The batches that reached the sender, by id. */
  readonly batches: string[][]
  /** Senders opened and not closed. */
  readonly open: () => number
  /** What the next batches are answered; the last one stays. */
  answer: Answer
  /** What `openSender` throws; undefined where it opens. */
  opening: Error | undefined
  readonly batch: { -readonly [L in keyof Sender['batch']]: Sender['batch'][L] }
  disconnect(): void
}

export const transient: BrokerError = new BrokerError('UNAVAILABLE', 'not now', { retryable: true })
export const final: BrokerError = new BrokerError('REFUSED', 'never')

export const confirmAll: Answer = async (batch) =>
  batch.map(({ id }) => ({ as: 'confirmed', evidence: `stored ${id}` }))

/** A link over a driver that has nothing but one sender, which answers as it is told. */
export async function fakeLink(seed = 1): Promise<FakeLink> {
  const time = virtualTime({ seed })
  const batches: string[][] = []
  let open = 0
  let tell: (state: ConnectionState) => void = () => undefined
  const fake: Omit<FakeLink, 'link'> = {
    time,
    batches,
    open: () => open,
    answer: confirmAll,
    opening: undefined,
    batch: { maxMessages: 100, maxBytes: 1024 * 1024, maxInFlight: 1, keepsKeyOrder: false },
    disconnect: () => tell({ as: 'disconnected', error: transient }),
  }
  const openSender = async (): Promise<Sender> => {
    if (fake.opening !== undefined) throw fake.opening
    open += 1
    return {
      batch: fake.batch,
      send: (batch, signal) => {
        batches.push(batch.map(({ id }) => id))
        return fake.answer(batch, signal)
      },
      close: async () => void (open -= 1),
    }
  }
  const { capabilities } = memory()
  const driver: Driver = {
    spec: 1,
    name: 'fake',
    capabilities,
    describeError: (error) =>
      error instanceof BrokerError
        ? { code: error.code, retryable: error.retryable, scope: 'message' }
        : { code: 'UNAVAILABLE', retryable: true, scope: 'connection' },
    connect: async () =>
      ({
        capabilities,
        openSender,
        onState: (listener: typeof tell) => void (tell = listener),
        close: async () => undefined,
      }) as unknown as Connection,
  }
  const link = new Link(driver, time.runtime, new Events(() => undefined), 1_000)
  await link.open(undefined)
  return Object.assign(fake, { link })
}

export function wire(id: string, over: Partial<WireMessage> = {}): WireMessage {
  return { id, body: new Uint8Array(), headers: {}, sentAt: 0, ...over }
}

/** A receiver of which a test replaces what it needs. */
export function fakeReceiver(members: Partial<Receiver>): Receiver {
  const refuse = () => Promise.reject(new Error('the fake receiver was asked for something else'))
  return {
    receive: refuse,
    settle: refuse,
    release: refuse,
    resize: refuse,
    onLost: () => undefined,
    pause: () => undefined,
    resume: () => undefined,
    close: async () => undefined,
    ...members,
  }
}
