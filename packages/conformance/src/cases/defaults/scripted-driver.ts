import {
  BrokerError,
  declare,
  PushBuffer,
  type Capabilities,
  type Connection,
  type Driver,
  type EntityRef,
  type Outcome,
  type Receiver,
  type Ref,
  type Runtime,
  type Sender,
  type SettleOutcome,
  type SourceRef,
  type WireDelivery,
  type WireMessage,
} from '@anybroker/driver'

/** What the broker of a `scriptedDriver` does when it is asked; where nothing is said, it does as told, at once. */
export interface Script {
  /** The connection of that number, from 1. Throws, or never answers, as the script says. */
  readonly connect?: (attempt: number) => Promise<void>
  readonly open?: (ref: Ref) => Promise<void>
  readonly send?: (message: WireMessage) => Promise<Outcome>
  readonly settle?: () => Promise<SettleOutcome>
  /** Whether its deliveries have leases. Default true. */
  readonly leases?: boolean
}

/** A driver without a broker, for defaults of core that no real broker can be made to show: silence above all. */
export interface ScriptedDriver {
  readonly driver: Driver
  /** When each connection was asked for, on the runtime's scale. */
  readonly connects: readonly number[]
  /** What was asked to be created, and by which connection. */
  readonly ensured: readonly { readonly ref: EntityRef; readonly connection: number }[]
  /** The leases that core asked for when it opened receivers. */
  readonly leases: readonly number[]
  /** Renewals: when, of how many deliveries, for how long. */
  readonly renewals: readonly { readonly at: number; readonly count: number; readonly leaseMs: number }[]
  /** Hands a message to the receiver of a queue or subscription; the newest, where several were opened. */
  deliver(message?: Partial<WireMessage>): void
  /** The newest receiver dies of this. */
  fail(error: unknown): void
  /** The newest connection dies of this. */
  lose(error: unknown): void
}

/** A promise that nothing ever settles: a broker that does not answer. */
export function silence<V>(): Promise<V> {
  return new Promise<V>(() => {})
}

const CAPABILITIES: Capabilities = declare(
  { grade: 'native', proof: 'engine' },
  {
    Q4: { grade: 'native', proof: 'engine', duplicates: 'none' },
    D1: { grade: 'native', proof: 'engine', evidence: 'confirmed' },
    D2: { grade: 'native', proof: 'engine', holdMaxMs: 0, maxMs: 86_400_000, block: false },
    D3: { grade: 'native', proof: 'engine', attempt: 'exact' },
    M1: { grade: 'native', proof: 'engine', maxBytes: 1024 * 1024 },
  },
)

export function scriptedDriver(script: Script): ScriptedDriver {
  const connects: number[] = []
  const ensured: { ref: EntityRef; connection: number }[] = []
  const leases: number[] = []
  const renewals: { at: number; count: number; leaseMs: number }[] = []
  let arriving: PushBuffer<WireDelivery> | undefined
  let leaseMs = 0
  let clock: Runtime | undefined
  let tellState: Parameters<Connection['onState']>[0] | undefined
  let delivered = 0

  const confirmed: Outcome = { as: 'confirmed', evidence: 'by the script' }
  const send = async (message: WireMessage): Promise<Outcome> => (await script.send?.(message)) ?? confirmed

  function sender(): Sender {
    return {
      batch: { maxMessages: 100, maxBytes: 16 * 1024 * 1024, maxInFlight: 100, keepsKeyOrder: true },
      send: (batch) => Promise.all(batch.map(send)),
      close: async () => {},
    }
  }

  function receiver(runtime: Runtime): Receiver {
    const buffer = new PushBuffer<WireDelivery>(runtime)
    arriving = buffer
    const settle = async (): Promise<SettleOutcome> => (await script.settle?.()) ?? { as: 'ok' }
    return {
      receive: (max, options) => buffer.take(max, options),
      settle: (batch) => Promise.all(batch.map(settle)),
      release: async (back) => back.map(() => ({ as: 'ok' })),
      onLost: () => {},
      resize: async () => {},
      pause: () => {},
      resume: () => {},
      close: async () => {},
      ...(script.leases === false
        ? {}
        : {
            extend: async (receipts, forMs) => {
              const at = runtime.now()
              renewals.push({ at, count: receipts.length, leaseMs: forMs })
              return receipts.map(() => ({ as: 'ok', leaseUntil: at + forMs }))
            },
          }),
    }
  }

  function connection(runtime: Runtime, number: number): Connection {
    const openReceiver: Connection['openReceiver'] = async (source: SourceRef, options) => {
      await script.open?.(source)
      leaseMs = options.leaseMs
      leases.push(leaseMs)
      return receiver(runtime)
    }
    return {
      capabilities: CAPABILITIES,
      openSender: async (target) => {
        await script.open?.(target)
        return sender()
      },
      openReceiver,
      topology: {
        ensure: async (ref) => {
          ensured.push({ ref, connection: number })
          return { as: 'created' }
        },
        check: async () => ({ as: 'same' }),
        delete: async () => true,
        list: async () => [],
      },
      admin: {
        depth: async () => ({ ready: 0 }),
        peek: async () => [],
        purge: async () => 0,
        seek: async () => {},
      },
      onState: (listener) => {
        tellState = listener
      },
      native: undefined,
      close: async () => {},
    }
  }

  const driver: Driver = {
    spec: 1,
    name: 'scripted',
    capabilities: CAPABILITIES,
    connect: async (runtime) => {
      clock = runtime
      connects.push(runtime.now())
      const number = connects.length
      await script.connect?.(number)
      return connection(runtime, number)
    },
    describeError: (error) =>
      error instanceof BrokerError
        ? { code: error.code, retryable: error.retryable, scope: 'receiver' }
        : { code: 'UNAVAILABLE', retryable: true, scope: 'connection' },
  }

  return {
    driver,
    connects,
    ensured,
    leases,
    renewals,
    deliver: (message = {}) => {
      if (clock === undefined || arriving === undefined) throw new Error('nobody receives yet')
      delivered += 1
      const wire: WireMessage = {
        id: `message-${delivered}`,
        body: new TextEncoder().encode('"a"'),
        headers: Object.create(null) as Record<string, string>,
        sentAt: clock.wallNow(),
        ...message,
      }
      arriving.push({
        receipt: delivered,
        message: wire,
        attempt: 1,
        redelivered: false,
        native: undefined,
        ...(script.leases === false ? {} : { leaseUntil: clock.now() + leaseMs }),
      })
    },
    fail: (error) => arriving?.fail(error),
    lose: (error) => tellState?.({ as: 'disconnected', error }),
  }
}
