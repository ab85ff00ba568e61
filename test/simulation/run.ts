import { BrokerError, type Driver } from '@anybroker/driver'
import { memory } from '@anybroker/memory'
import { faultyDriver, type FaultPlan, seededRandom, type VirtualTime, virtualTime } from '@anybroker/testkit'
import {
  type BatchHandler,
  type Broker,
  connect,
  type Deliveries,
  type Delivery,
  type DurableSubscription,
  type Handler,
  type Queue,
  type RetryPolicy,
  type SendOptions,
  type Sent,
  type Worker,
} from 'anybroker'
import { check } from './check.ts'
import { newRecord, recorded, type RunRecord, type Send } from './record.ts'

export interface SimulationOptions {
  /** Between the faults and the broker: for planting a bug. */
  readonly plant?: (driver: Driver) => Driver
  /** Default: drawn from the seed. */
  readonly plan?: FaultPlan
}

const STEPS = 80
const KEYS = ['k1', 'k2', 'k3']
const MAX_ATTEMPTS = 4
const RETRY: RetryPolicy = { maxAttempts: MAX_ATTEMPTS, backoff: { initialMs: 200, maxMs: 5_000 } }
const SOURCES_OF = { plain: ['plain'], keyed: ['keyed'], events: ['events/one', 'events/two'] }
/** Short and small, so that burials fail too while a broker is away, and sends wait for the window. */
const OPTIONS = { sendTimeoutMs: 2_000, settleTimeoutMs: 5_000, sendWindow: { maxMessages: 10 } }
type Target = keyof typeof SOURCES_OF

/** Faults after which nothing is lost on the way: order must hold. */
const GENTLE: NonNullable<FaultPlan['rates']> = {
  'open.fail': 0.05,
  'topology.before': 0.05,
  'topology.after': 0.05,
  'send.refused': 0.03,
  'send.before': 0.05,
  'send.after': 0.08,
  'send.delay': 0.05,
  'settle.before': 0.05,
  'settle.delay': 0.03,
}

/** Everything that can go wrong, the worst of it included: the broker did it, and the client was told that it failed. */
const ROUGH: NonNullable<FaultPlan['rates']> = {
  ...GENTLE,
  'connect.fail': 0.3,
  'connect.hang': 0.05,
  'send.throw': 0.01,
  'send.hang': 0.005,
  'send.hangAfter': 0.005,
  'send.die': 0.01,
  'send.dieAfter': 0.02,
  'settle.after': 0.05,
  'settle.lost': 0.02,
  'settle.throw': 0.005,
  'settle.hang': 0.005,
  'settle.hangAfter': 0.005,
  'settle.die': 0.005,
  'settle.dieAfter': 0.01,
  'release.before': 0.05,
  'release.after': 0.05,
  'receive.throw': 0.01,
  'receive.duplicate': 0.02,
  'receive.revoke': 0.02,
  'receive.delay': 0.02,
  'receive.die': 0.005,
  'extend.fail': 0.05,
  'extend.lost': 0.02,
  'extend.throw': 0.01,
  'extend.hang': 0.02,
  'close.fail': 0.05,
  'close.hang': 0.05,
}

/** One run by its seed: disorder, then peace, then the count. Resolves with what is wrong. */
export async function simulate(seed: number, options: SimulationOptions = {}): Promise<readonly string[]> {
  const gentle = seed % 3 === 0
  const harsh = seed % 5 === 1
  const record = newRecord()
  const unhandled = (error: unknown) => void record.problems.push(`unhandled rejection: ${String(error)}`)
  process.on('unhandledRejection', unhandled)
  try {
    const real = recorded(memory(harsh ? { profile: 'harsh', seed } : {}), record)
    const { driver, faults } = faultyDriver(options.plant?.(real) ?? real, {
      seed,
      ...(options.plan ?? { rates: gentle ? GENTLE : ROUGH }),
    })
    const time = virtualTime({ seed })
    const broker = await connected(time, driver)
    const world = await World.open(time, broker, record, seededRandom(seed ^ 0x51b))
    for (let step = 0; step < STEPS; step += 1) {
      await world.step()
      if (gentle) continue
      const chance = world.random()
      if (chance < 0.03) faults.disconnect()
      else if (chance < 0.05) faults.block()
      else if (chance < 0.2) faults.unblock()
    }
    record.faults = faults.happened.length
    faults.calm()
    faults.unblock()
    await world.heal()
    await world.drain()
    const before = time.now()
    await time.until(broker.close())
    if (time.now() - before > 25_000) record.problems.push(`close took ${time.now() - before} ms`)
    if (time.pending() > 0) record.problems.push(`${time.pending()} timers were left`)
    // Whatever still rejects, does so now.
    await time.advance(600_000)
    for (const name of record.open) record.problems.push(`${name} was left open`)
    record.lossy ||= harsh
    return check(record, { sourcesOf: SOURCES_OF, maxAttempts: harsh ? undefined : MAX_ATTEMPTS })
  } finally {
    process.off('unhandledRejection', unhandled)
  }
}

/** The first connection is one attempt: an application tries again. */
async function connected(time: VirtualTime, driver: Driver): Promise<Broker> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await time.until(connect(driver, { runtime: time.runtime, ...OPTIONS }))
    } catch (error) {
      if (attempt === 100) throw error
    }
  }
}

/** The application of one run. */
class World {
  readonly random: () => number
  readonly #time: VirtualTime
  readonly #broker: Broker
  readonly #record: RunRecord
  readonly #sources: Map<string, Queue<number> | DurableSubscription<number>>
  readonly #workers = new Set<Worker>()
  readonly #loops = new Set<Deliveries<number>>()
  readonly #running = new Map<string, Set<string>>()
  #sent = 0

  private constructor(
    time: VirtualTime,
    broker: Broker,
    record: RunRecord,
    random: () => number,
    sources: Map<string, Queue<number> | DurableSubscription<number>>,
  ) {
    this.#time = time
    this.#broker = broker
    this.#record = record
    this.random = random
    this.#sources = sources
  }

  static async open(time: VirtualTime, broker: Broker, record: RunRecord, random: () => number): Promise<World> {
    const events = broker.topic<number>('events', { ordering: 'key' })
    const subscribed = async (name: string): Promise<DurableSubscription<number>> => {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await time.until(events.durableSubscription(name, { retry: RETRY }))
        } catch (error) {
          if (attempt === 100) throw error
        }
      }
    }
    const one = await subscribed('one')
    const two = await subscribed('two')
    const sources = new Map<string, Queue<number> | DurableSubscription<number>>([
      ['plain', broker.queue<number>('plain', { retry: RETRY })],
      ['keyed', broker.queue<number>('keyed', { ordering: 'key', retry: RETRY })],
      ['events/one', one],
      ['events/two', two],
    ])
    const lossy = () => void (record.lossy = true)
    broker.on('disconnected', lossy)
    broker.on('lost', lossy)
    broker.on('failed', ({ error }) => void record.problems.push(`a consumer failed for good: ${String(error)}`))
    broker.on('hookFailed', ({ hook, error }) => void record.problems.push(`${hook} threw: ${String(error)}`))
    return new World(time, broker, record, random, sources)
  }

  async step(): Promise<void> {
    const chance = this.random()
    if (chance < 0.5) this.#send()
    else if (chance < 0.65) this.#consume()
    else if (chance < 0.7) this.#loop()
    else if (chance < 0.78) this.#closeOne()
    else if (chance < 0.82) this.#redrive()
    else await this.#time.advance(this.#draw(2_000))
  }

  /** No more disorder: everything under way ends at its own deadline, and every consumer closes in its time. */
  async heal(): Promise<void> {
    await this.#time.advance(31_000)
    const before = this.#time.now()
    const closing = [...this.#workers, ...this.#loops].map((one) => one.close({ drainMs: 1_000 }))
    await this.#time.until(Promise.allSettled(closing))
    const tookMs = this.#time.now() - before
    if (tookMs > 6_000) this.#record.problems.push(`closing consumers took ${tookMs} ms`)
    for (const { id, outcome } of this.#record.sends)
      if (outcome === 'pending') this.#record.problems.push(`the send of ${id} never ended`)
    // Handlers that never looked at their signal end here.
    await this.#time.advance(300_000)
  }

  /** Consumers that are content with everything, until nothing is left anywhere; then the dead letters. */
  async drain(): Promise<void> {
    for (const [name, source] of this.#sources) {
      const handler: Handler<number> = (delivery) => {
        this.#begin(name, delivery)()
        this.#content(name, delivery)
      }
      await this.#time.until(source.consume(handler, { concurrency: 3 }))
    }
    for (let minute = 0; (await this.#left()) > 0; minute += 1) {
      if (minute === 120) {
        this.#record.problems.push(`${await this.#left()} messages are still there after two hours of peace`)
        break
      }
      await this.#time.advance(60_000)
    }
    for (const [name, source] of this.#sources) {
      const letters = source.deadLetters.receive({ untilEmpty: true })
      const read = async () => {
        for await (const letter of letters) {
          this.#record.letters.push({ source: name, id: letter.id })
          // A harsh broker may lose even this session: then the letter comes again.
          await letter.ack().catch((error: unknown) => this.#expected('acking a letter', error))
        }
      }
      await this.#time.until(read())
    }
  }

  async #left(): Promise<number> {
    let left = 0
    for (const source of this.#sources.values()) {
      const { ready, inHand = 0, delayed = 0 } = await this.#time.until(source.depth())
      left += ready + inHand + delayed
    }
    return left
  }

  #draw(below: number): number {
    return Math.floor(this.random() * below)
  }

  #pick<T>(from: Iterable<T>): T | undefined {
    const all = [...from]
    return all[this.#draw(all.length)]
  }

  #send(): void {
    const target = this.#pick(Object.keys(SOURCES_OF) as Target[]) ?? 'plain'
    const count = this.random() < 0.7 ? 1 : 1 + this.#draw(8)
    for (let index = 0; index < count; index += 1) {
      const id = `m${(this.#sent += 1)}`
      const key = target === 'plain' || this.random() < 0.2 ? undefined : this.#pick(KEYS)
      const delayMs = target === 'plain' && this.random() < 0.2 ? this.#draw(10_000) : 0
      const send: Send = { id, target, key, notBefore: this.#time.now() + delayMs, outcome: 'pending' }
      this.#record.sends.push(send)
      const options: SendOptions = {
        id,
        timeoutMs: 1_000 + this.#draw(29_000),
        ...(key === undefined ? {} : { key }),
        ...(delayMs === 0 ? {} : { delayMs }),
        ...(this.random() < 0.1 ? { until: 'buffered' } : {}),
      }
      this.#watch(send, this.#submit(target, options))
    }
  }

  #submit(target: Target, options: SendOptions): Promise<Sent> {
    if (target === 'events') return this.#broker.topic<number>('events').publish(this.#sent, options)
    return this.#broker.queue<number>(target).send(this.#sent, options)
  }

  #watch(send: Send, sent: Promise<Sent>): void {
    sent.then(
      ({ id, evidence }) => {
        if (id !== send.id) this.#record.problems.push(`${send.id} was confirmed as ${id}`)
        send.outcome = evidence === 'buffered' ? 'buffered' : 'confirmed'
      },
      (error: unknown) => {
        const outcome = error instanceof BrokerError ? error.outcome : undefined
        if (outcome === undefined) this.#record.problems.push(`${send.id} failed without an outcome: ${String(error)}`)
        send.outcome = outcome ?? 'unknown'
      },
    )
  }

  #consume(): void {
    const [name, source] = this.#pick(this.#sources) ?? []
    if (name === undefined || source === undefined || this.#workers.size >= 8) return
    const concurrency = 1 + this.#draw(4)
    const opening =
      this.random() < 0.8
        ? source.consume(this.#handler(name), { concurrency })
        : source.consumeBatch(this.#batchHandler(name), { concurrency, maxBatch: 1 + this.#draw(5) })
    opening.then(
      (worker) => void this.#workers.add(worker),
      (error: unknown) => this.#expected('consume', error),
    )
  }

  /** Takes a few, settles them or not, and leaves. */
  #loop(): void {
    const [name, source] = this.#pick(this.#sources) ?? []
    if (name === undefined || source === undefined || this.#loops.size >= 3) return
    const loop = source.receive({ maxUnsettled: 1 + this.#draw(10) })
    this.#loops.add(loop)
    let left = 1 + this.#draw(6)
    const read = async () => {
      for await (const delivery of loop) {
        this.#begin(name, delivery)
        await this.#decide(name, delivery)
        if ((left -= 1) === 0) break
      }
    }
    read().catch((error: unknown) => this.#expected('receive', error))
  }

  /** Some dead letters, back to where they came from, while everything goes on. */
  #redrive(): void {
    const source = this.#pick(this.#sources.values())
    const redriving = source?.deadLetters.redrive({ max: 1 + this.#draw(5) })
    redriving?.catch((error: unknown) => this.#expected('redrive', error))
  }

  #closeOne(): void {
    const worker = this.#pick(this.#workers)
    if (worker === undefined) return
    this.#workers.delete(worker)
    worker.close({ drainMs: this.#draw(5_000) }).catch((error: unknown) => this.#expected('close', error))
  }

  #handler(source: string): Handler<number> {
    return async (delivery) => {
      const ended = this.#begin(source, delivery)
      try {
        await this.#behave(source, delivery)
      } finally {
        ended()
      }
    }
  }

  async #behave(source: string, delivery: Delivery<number>): Promise<void> {
    const chance = this.random()
    if (chance < 0.1) await this.#time.runtime.sleep(20_000 + this.#draw(40_000))
    else if (chance < 0.6) await this.#time.runtime.sleep(this.#draw(300))
    const end = this.random()
    if (end < 0.5) this.#content(source, delivery)
    else if (end < 0.7) throw new Error('not now')
    else if (end < 0.74) {
      await new Promise((resolve) => {
        delivery.signal.addEventListener('abort', resolve, { once: true })
        this.#time.runtime.timer(90_000, () => resolve(undefined))
      })
      throw new Error('interrupted')
    } else {
      await this.#decide(source, delivery)
      if (this.random() < 0.2) throw new Error('after settling')
    }
  }

  /** Settles it one way or another. At the call its key is free. */
  async #decide(source: string, delivery: Delivery<number>): Promise<void> {
    const chance = this.random()
    this.#end(source, delivery)
    try {
      if (chance < 0.5) {
        this.#content(source, delivery)
        await delivery.ack()
      } else if (chance < 0.8) await delivery.retry({ delayMs: this.#draw(4_000) })
      else await delivery.reject({ reason: 'refused by chance' })
    } catch (error) {
      this.#expected('settling', error)
    }
  }

  #batchHandler(source: string): BatchHandler<number> {
    return async (deliveries) => {
      const ended = deliveries.map((delivery) => this.#begin(source, delivery))
      await this.#time.runtime.sleep(this.#draw(300))
      for (const end of ended) end()
      if (this.random() < 0.3) throw new Error('not now')
      for (const delivery of deliveries) this.#content(source, delivery)
    }
  }

  /** The application has it from here on, until it is done, settles it, or is told that it no longer has it. */
  #begin(source: string, delivery: Delivery<number>): () => void {
    const { id, key, attempt, signal } = delivery
    const lane = this.#lane(source, delivery)
    this.#record.seen.push({ source, id, key, attempt, at: this.#time.now(), beside: [...lane] })
    lane.add(id)
    const ended = () => this.#end(source, delivery)
    signal.addEventListener('abort', ended, { once: true })
    return ended
  }

  #end(source: string, delivery: Delivery<number>): void {
    this.#lane(source, delivery).delete(delivery.id)
  }

  #lane(source: string, { id, key }: Delivery<number>): Set<string> {
    const name = `${source} ${key ?? id}`
    const lane = this.#running.get(name) ?? new Set()
    this.#running.set(name, lane)
    return lane
  }

  #content(source: string, { id }: Delivery<number>): void {
    this.#record.succeeded.push({ source, id })
  }

  #expected(what: string, error: unknown): void {
    if (!(error instanceof BrokerError)) this.#record.problems.push(`${what} failed with ${String(error)}`)
  }
}
