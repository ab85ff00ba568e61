import { BrokerError, type Connection, type Driver, type EntityRef, type Runtime } from '@anybroker/driver'
import { inspect, memory, type MemoryOptions } from '@anybroker/memory'
import { override, virtualTime, wrapDriver } from '@anybroker/testkit'
import { connect, type Broker, type ConnectOptions } from 'anybroker'
import type { Harness } from '../src/harness.ts'
import { countedLosses } from './kit/session-losses.ts'
import type { Mutant } from './mutant.ts'

export interface MemoryHarnessOptions
  extends Pick<Mutant, 'wrap' | 'wrapBroker'>, Pick<MemoryOptions, 'profile' | 'seed'> {
  /** Default: `memory`, with the profile where it is not the reference. */
  readonly name?: string
  /** See `Harness.slowness`. */
  readonly slowness?: number
}

/** What the wrong credentials of `connectWrong` hold. */
const SECRET = 'hunter2-of-the-suite'

/** What lives in this process has nothing to start or to kill. */
const IN_PROCESS = 'the store lives and dies with its process'

/** One body for all messages that fill the store: each of them counts, and none of them costs. */
const FILLER = new Uint8Array(1024 * 1024)

/** A store of its own in this process, below whatever is planted. */
export function memoryHarness(options: MemoryHarnessOptions = {}): Harness {
  const { profile = 'reference', seed, wrap = (driver) => driver, wrapBroker = (broker) => broker } = options
  const { name = profile === 'reference' ? 'memory' : `memory-${profile}` } = options
  const store = () =>
    profile === 'reference' ? memory() : memory({ profile, ...(seed === undefined ? {} : { seed }) })
  const watched = watch(store())
  const driver = wrap(watched.driver)
  const losses = new WeakMap<Broker, () => number>()

  const connectTo = async (to: Driver, asked: ConnectOptions): Promise<Broker> => {
    if (profile === 'reference') return wrapBroker(await connect(to, asked))
    const counted = countedLosses(to)
    const broker = wrapBroker(await connect(counted.driver, asked))
    losses.set(broker, counted.losses)
    return broker
  }

  return {
    name,
    ...(options.slowness === undefined ? {} : { slowness: options.slowness }),
    ...(profile === 'harsh' ? { losses: (broker) => losses.get(broker)?.() ?? 0 } : {}),
    connect: (asked) => connectTo(driver, { log: false, ...asked }),
    connectWrong: async (asked) => wrapBroker(await connect(wrap(refusing()), { log: false, ...asked })),
    connectSilent: async (asked) => wrapBroker(await connect(wrap(silent()), { log: false, ...asked })),
    secrets: [SECRET],
    breakConnection: async () => watched.cut(),
    entities: () => watched.entities(),
    foreignSend: async (queue, { body, headers }) => {
      const connection = await watched.aside()
      const sender = await connection.openSender({ kind: 'queue', name: queue, ordering: 'none' }, NEVER)
      const [outcome] = await sender.send([{ id: `foreign-${Date.now()}`, body, headers, sentAt: Date.now() }], NEVER)
      if (outcome?.as !== 'confirmed') throw new Error(`the foreign message was ${outcome?.as}`)
    },
    fill: async () => {
      const connection = await watched.aside()
      return fill(connection)
    },
    absent: { spawn: IN_PROCESS, restart: IN_PROCESS },
    virtualTime: () => {
      const time = virtualTime()
      const began = time.now()
      const own = wrap(store())
      return {
        connect: (asked) => connectTo(own, { ...asked, runtime: time.runtime }),
        advance: (ms) => time.advance(ms),
        now: () => time.now() - began,
      }
    },
    isolated: () => memoryHarness(options),
    close: () => watched.close(),
  }
}

const NEVER: AbortSignal = new AbortController().signal

/** Remembers the connections and the ephemeral subscriptions that come by, and looks at the store from aside. */
function watch(driver: Driver): {
  readonly driver: Driver
  cut(): void
  entities(): Promise<readonly string[]>
  aside(): Promise<Connection>
  close(): Promise<void>
} {
  const connections = new Set<Connection>()
  const ephemeral = new Map<string, EntityRef>()
  let own: Promise<Connection> | undefined
  const aside = () => (own ??= driver.connect(RUNTIME, NEVER))

  const watched = wrapDriver(driver, {
    connection: (inner) => {
      connections.add(inner)
      return override(inner, {
        close: (signal) => {
          connections.delete(inner)
          return inner.close(signal)
        },
      })
    },
    topology: (inner) =>
      override(inner, {
        ensure: (ref, settings, signal) => {
          if (ref.kind === 'subscription' && ref.durability === 'ephemeral') ephemeral.set(ref.name, ref)
          return inner.ensure(ref, settings, signal)
        },
      }),
  })

  return {
    driver: watched,
    aside,
    cut: () => {
      const cut = [...connections]
      connections.clear()
      for (const { native } of cut) inspect(native).disconnect('cut by the suite')
    },
    entities: async () => {
      const { topology } = await aside()
      const there = [...((await topology.list?.(NEVER)) ?? [])]
      for (const ref of ephemeral.values()) if (await topology.check(ref, {}, NEVER)) there.push(ref)
      return there.map((ref) => `${ref.kind} ${ref.kind === 'subscription' ? `${ref.topic}/` : ''}${ref.name}`)
    },
    close: async () => {
      await (await own)?.close(NEVER)
    },
  }
}

/** A broker that knows nobody, and whose client says so as clients do: with the password in the URL. */
function refusing(): Driver {
  return override(memory(), {
    connect: () => Promise.reject(new Error(`login failed for amqp://guest:${SECRET}@localhost:5672/`)),
  })
}

/** A broker that takes the connection and never says a word, whatever the signal does. */
function silent(): Driver {
  return override(memory(), { connect: () => new Promise(() => {}) })
}

/** Puts messages on a queue of its own, smaller and smaller, until none is taken. */
async function fill(connection: Connection): Promise<() => Promise<void>> {
  const filler = { kind: 'queue', name: 'the-filler', ordering: 'none' } as const
  const { topology } = connection
  await topology.ensure(filler, {}, NEVER)
  const sender = await connection.openSender(filler, NEVER)
  let count = 0
  for (let size = FILLER.byteLength; size >= 1; size = Math.floor(size / 2)) {
    for (let taken = true; taken; count += 1) {
      const body = FILLER.subarray(0, size)
      const [outcome] = await sender.send([{ id: `filler-${count}`, body, headers: {}, sentAt: Date.now() }], NEVER)
      taken = outcome?.as === 'confirmed'
    }
  }
  return async () => {
    await sender.close()
    await topology.delete(filler, NEVER)
  }
}

/** This process's time, for the connection from aside: nothing is ever due on it. */
const RUNTIME: Runtime = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  timer: (delayMs, run) => {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
  sleep: () => Promise.reject(new BrokerError('UNSUPPORTED', 'nobody sleeps on the connection from aside')),
  random: () => Math.random(),
  id: () => crypto.randomUUID(),
  log: () => {},
}
