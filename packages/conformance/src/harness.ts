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
  connect(options?: ConnectOptions): Promise<Broker>
  /** A URL or driver under which nothing answers, or whose credentials are wrong. `connect` is expected to reject. */
  connectWrong?(options?: ConnectOptions): Promise<Broker>
  /** Cuts all connections made so far, as a network would. They come back by themselves. */
  breakConnection?(): Promise<void>
  /** Stops the broker and starts it again with its data. */
  restart?(): Promise<void>
  /** Puts a message on a queue as a client would that never heard of anybroker. */
  foreignSend?(
    queue: string,
    message: { readonly body: Uint8Array; readonly headers: Readonly<Record<string, string>> },
  ): Promise<void>
  /** Fills the broker until it takes no more, until the returned function is called. */
  fill?(): Promise<() => Promise<void>>
  /** A consumer in a process of its own, which dies with SIGKILL when a handler has begun. Absent where nothing outlives a process. */
  spawn?(job: SpawnJob): Promise<{ kill(): Promise<void>; received(): Promise<readonly string[]> }>
  /** A broker of its own under a virtual clock, for cases whose time is too long to wait for. */
  virtualTime?(): VirtualHarness
  /** Why a case is not run here, by its full name `D7: …` or by its clause. Printed and counted. */
  readonly skip?: Readonly<Record<string, string>>
  /** Why this harness can't do something that a case may need. Default: `the harness has no …`. */
  readonly absent?: Readonly<Partial<Record<Need, string>>>
  /** What the slowest ordinary round trip takes: bounded waits are that many times longer. Default 1. */
  readonly slowness?: number
  /** Removes what the run left on the broker. Called once, after the last case. */
  close?(): Promise<void>
}

/** What only some harnesses can do, and some cases need. */
export type Need = 'connectWrong' | 'breakConnection' | 'restart' | 'foreignSend' | 'fill' | 'spawn' | 'virtualTime'

export interface SpawnJob {
  readonly source: { readonly queue: string } | { readonly topic: string; readonly subscription: string }
  /** `hang`: takes a delivery and never settles it. `ack`: settles each. */
  readonly handler: 'hang' | 'ack'
}

export interface VirtualHarness {
  connect(options?: ConnectOptions): Promise<Broker>
  /** Moves the clock, running whatever falls due on the way, in order. */
  advance(ms: number): Promise<void>
  /** Milliseconds since the clock began. */
  now(): number
}
