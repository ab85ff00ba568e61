import type { ConnectionState, Runtime } from '@anybroker/driver'
import type { Channel, ChannelModel, ConfirmChannel } from 'amqplib'
import type { Client } from './client.ts'
import { unavailable } from './errors.ts'
import type { Names } from './names.ts'

/**
 * The two connections of one life: what is published can block the one, and must not hold back the acks of the other. When one
 * dies, so does the other.
 */
export class Session {
  readonly publishing: Client
  readonly consuming: Client
  readonly names: Names
  readonly runtime: Runtime
  #listener: ((state: ConnectionState) => void) | undefined
  #failure: { readonly error: unknown } | undefined
  #said: ConnectionState | undefined
  readonly #gone = new Map<Client, Promise<void>>()
  #closing = false
  readonly #blocked = new Set<Client>()
  #unblocked: (() => void)[] = []

  constructor(publishing: Client, consuming: Client, names: Names, runtime: Runtime) {
    this.publishing = publishing
    this.consuming = consuming
    this.names = names
    this.runtime = runtime
    for (const client of [publishing, consuming]) this.#watch(client)
  }

  /** Why it died; undefined while it lives. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure
  }

  /** The server takes nothing more for now. */
  get blocked(): boolean {
    return this.#blocked.has(this.publishing)
  }

  check(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }

  onState(listener: (state: ConnectionState) => void): void {
    this.#listener = listener
    if (this.#said !== undefined) listener(this.#said)
  }

  /** Resolves when the server takes again, or when this is over. */
  untilUnblocked(): Promise<void> {
    if (!this.blocked || this.#failure !== undefined) return Promise.resolve()
    return new Promise((resolve) => this.#unblocked.push(resolve))
  }

  /** A channel with its listeners on. What closes it tells `closed`, once, with the server's reason where there was one. */
  async channel(client: Client, closed: (error: unknown) => void): Promise<Channel> {
    this.check()
    return this.#attend(await client.model.createChannel(), closed)
  }

  async confirmChannel(closed: (error: unknown) => void): Promise<ConfirmChannel> {
    this.check()
    return this.#attend(await this.publishing.model.createConfirmChannel(), closed)
  }

  /**
   * Runs `work` on a channel of its own, because what the server refuses closes the channel. On the connection that never
   * publishes and is never blocked.
   */
  async aside<T>(work: (channel: Channel) => Promise<T>): Promise<T> {
    let open = true
    const channel = await this.channel(this.consuming, () => {
      open = false
    })
    try {
      return await work(channel)
    } finally {
      // It may be closed already, or about to be, by what `work` met.
      if (open) await closed(channel)
    }
  }

  /** Dead from here on, for good. */
  die(error: unknown): void {
    if (this.#failure !== undefined) return
    this.#failure = { error }
    for (const wake of this.#unblocked.splice(0)) wake()
    this.#tell({ as: 'disconnected', error })
    for (const client of [this.publishing, this.consuming]) client.destroy()
  }

  /** Says good-bye on both, as far as the signal lets it; leaves no socket. */
  async close(signal: AbortSignal): Promise<void> {
    const clients = [this.publishing, this.consuming]
    this.#closing = true
    const gone = Promise.all(this.#gone.values())
    for (const { model } of clients) {
      // What goes wrong in closing ends in the event `close`, too; one that is closed already throws.
      quietly(() => model.close())
    }
    await settledOrAborted(gone, signal)
    this.die(unavailable('the connection is closed', 'connection'))
    for (const client of clients) client.destroy()
  }

  #watch(client: Client): void {
    const { model } = client
    let reason: unknown
    model.on('error', (error: Error) => {
      reason = error
    })
    listen(model, 'handler-error', (error) => this.die(error))
    const gone = new Promise<void>((resolve) => {
      model.on('close', (error?: Error) => {
        resolve()
        this.#blocked.delete(client)
        // Its neighbour still says good-bye.
        if (!this.#closing) this.die(reason ?? error ?? unavailable('the server closed the connection', 'connection'))
      })
    })
    this.#gone.set(client, gone)
    model.on('blocked', (why: string) => {
      this.#blocked.add(client)
      this.#tell({ as: 'blocked', reason: why })
    })
    model.on('unblocked', () => {
      this.#blocked.delete(client)
      if (this.#blocked.size > 0) return
      this.#tell({ as: 'unblocked' })
      for (const wake of this.#unblocked.splice(0)) wake()
    })
  }

  #tell(state: ConnectionState): void {
    if (state.as === 'disconnected') this.#said = state
    this.#listener?.(state)
  }

  #attend<C extends Channel>(channel: C, closed: (error: unknown) => void): C {
    let reason: unknown
    channel.on('error', (error: Error) => {
      reason ??= error
    })
    listen(channel, 'handler-error', (error) => {
      reason ??= error
      this.runtime.log('error', 'rabbitmq: a callback of the driver threw', { error })
    })
    channel.on('close', () =>
      closed(reason ?? this.#failure?.error ?? unavailable('the channel is closed', 'receiver')),
    )
    return channel
  }
}

function listen(on: Channel | ChannelModel, event: 'handler-error', listener: (error: Error) => void): void {
  on.on(event, listener)
}

/** Waits for what can't fail as long as the signal lets it. Leaves no listener. */
export function settledOrAborted(settled: Promise<unknown>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      signal.removeEventListener('abort', done)
      resolve()
    }
    if (signal.aborted) {
      resolve()
      return
    }
    signal.addEventListener('abort', done, { once: true })
    quietly(() => settled.finally(done))
  })
}

/**
 * Closes a channel and resolves when it is closed, whoever closed it: the promise of amqplib never settles where the connection
 * dies in between.
 */
export function closed(channel: Channel): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => resolve()
    channel.once('close', done)
    const closing = async (): Promise<void> => channel.close()
    quietly(() => closing().finally(done))
  })
}

/** For a call that is made on something that may be dead already, and whose failure is told by another way. */
export function quietly(call: () => Promise<unknown>): void {
  const attempt = async (): Promise<unknown> => call()
  attempt().then(undefined, () => undefined)
}
