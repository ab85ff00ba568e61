import type { Broker, ConnectOptions } from 'anybroker'

/**
 * How the suite reaches a broker. Every `connect` goes to the same broker and namespace; names are unique per case, so that cases
 * run side by side.
 *
 * @example A third party's driver
 * ```ts
 * conformance({
 *   name: 'nats',
 *   connect: (options) => connect(nats({ servers, namespace: `t${process.pid}` }), options),
 *   breakConnection: () => server.closeConnections(),
 * })
 * ```
 */
export interface Harness {
  /** Names the run, its result file and its column in the docs: `memory`, `rabbitmq-4`. */
  readonly name: string
  readonly connect: (options?: ConnectOptions) => Promise<Broker>
  /** A URL or driver under which nothing answers, or whose credentials are wrong. `connect` is expected to reject. */
  readonly connectWrong?: (options?: ConnectOptions) => Promise<Broker>
  /** An address that takes connections and never says a word: a socket that only listens will do. */
  readonly connectSilent?: (options?: ConnectOptions) => Promise<Broker>
  /** Cuts all connections made so far, as a network would. They come back by themselves. */
  readonly breakConnection?: () => Promise<void>
  /** Stops the broker and starts it again with its data. */
  readonly restart?: () => Promise<void>
  /** Puts a message on a queue as a client would that never heard of anybroker. */
  readonly foreignSend?: (
    queue: string,
    message: { readonly body: Uint8Array; readonly headers: Readonly<Record<string, string>> },
  ) => Promise<void>
  /** Fills the broker until it takes no more, until the returned function is called. */
  readonly fill?: () => Promise<() => Promise<void>>
  /**
   * Whatever the broker holds, as its administrator sees it: names of queues, exchanges, topics, subscriptions, ephemeral ones
   * included. For proving that nothing is left behind (E2).
   */
  readonly entities?: () => Promise<readonly string[]>
  /** What `connectWrong` carries and no error may show: passwords, tokens (C5). */
  readonly secrets?: readonly string[]
  /** A consumer in a process of its own, which dies by SIGKILL. Absent where nothing outlives a process. */
  readonly spawn?: (job: SpawnJob) => Promise<Spawned>
  /** A broker of its own under a virtual clock, for cases whose time is too long to wait for. */
  readonly virtualTime?: () => VirtualHarness
  /** Why a case is not run here, by its full name `D7: …` or by its clause. Printed and counted. */
  readonly skip?: Readonly<Record<string, string>>
  /** Why this harness can't do something that a case may need. Default: `the harness has no …`. */
  readonly absent?: Readonly<Partial<Record<Need, string>>>
  /**
   * How many sessions of a connection, or receivers on it, the broker has ended by itself and on purpose, as `memory:?profile=harsh`
   * does: a case that fails where it lost one is run again. Absent on a real broker, where a failure is a failure.
   */
  readonly losses?: (broker: Broker) => number
  /** What the slowest ordinary round trip takes: bounded waits are that many times longer. Default 1. */
  readonly slowness?: number
  /**
   * A broker of its own, where that costs nothing: then cases that cut connections, fill the broker or look at all of it get one
   * each and run beside the others, instead of alone after them.
   */
  readonly isolated?: () => Harness
  /** Removes what the run left on the broker. Called once, after the last case. */
  readonly close?: () => Promise<void>
}

/** What only some harnesses can do, and some cases need. */
export type Need =
  | 'connectWrong'
  | 'connectSilent'
  | 'breakConnection'
  | 'restart'
  | 'foreignSend'
  | 'fill'
  | 'entities'
  | 'spawn'
  | 'virtualTime'

export interface SpawnJob {
  /** Without `subscription` an ephemeral one. */
  readonly source: { readonly queue: string } | { readonly topic: string; readonly subscription?: string }
  /** `hang`: takes a delivery and never settles it. `ack`: settles each. */
  readonly handler: 'hang' | 'ack'
}

/** A consumer in a process of its own. */
export interface Spawned {
  /** SIGKILL. Resolves when the process has gone; again, at once. */
  readonly kill: () => Promise<void>
  /** The ids of what its handler was given so far. */
  readonly received: () => Promise<readonly string[]>
}

export interface VirtualHarness {
  connect(options?: ConnectOptions): Promise<Broker>
  /** Moves the clock, running whatever falls due on the way, in order. */
  advance(ms: number): Promise<void>
  /** Milliseconds since the clock began. */
  now(): number
}
