import { inspect } from 'node:util'
import { BrokerError, type ErrorCode } from '@anybroker/driver'

/** As much of a broker as the catalogue needs; the `Broker` of `anybroker` is one. */
export interface BadInputBroker {
  queue(name: unknown, options?: unknown): BadInputQueue
  topic(name: unknown, options?: unknown): BadInputTopic
  on(event: unknown, listener: unknown): unknown
}

export interface BadInputQueue {
  open(options?: unknown): Promise<unknown>
  send(body: unknown, options?: unknown): Promise<unknown>
  sendAll(messages: unknown, options?: unknown): Promise<unknown>
  request(body: unknown, options?: unknown): Promise<unknown>
  consume(handler: unknown, options?: unknown): Promise<unknown>
  consumeBatch(handler: unknown, options?: unknown): Promise<unknown>
  receive(options?: unknown): unknown
  depth(options?: unknown): Promise<unknown>
  peek(options?: unknown): Promise<unknown>
  purge(options?: unknown): Promise<unknown>
  delete(options?: unknown): Promise<unknown>
  readonly deadLetters: {
    count(options?: unknown): Promise<unknown>
    receive(options?: unknown): unknown
    redrive(options?: unknown): Promise<unknown>
  }
}

export interface BadInputTopic {
  publish(body: unknown, options?: unknown): Promise<unknown>
  durableSubscription(name: unknown, options?: unknown): Promise<unknown>
  subscribe(handler: unknown, options?: unknown): Promise<unknown>
}

/** One thing that a careless or hostile caller does, and what must come of it, before anything reaches a driver. */
export interface BadInput<On> {
  /** As in the catalogue: `N1`, `H12`. Several inputs of one kind are told apart by `what`. */
  readonly id: string
  readonly what: string
  /** Does it. `name` is a good name that no other input uses, for the queue or topic in question. */
  readonly run: (on: On, name: string) => unknown
  /** A wrong argument is a `TypeError`; a body that can't be carried is `INVALID_MESSAGE` or `MESSAGE_TOO_LARGE`. */
  readonly expect: 'TypeError' | ErrorCode
  /** Async methods reject and never throw; methods that answer at once throw. Default `rejects`. */
  readonly how?: 'rejects' | 'throws'
  /** The option that the error must name. */
  readonly names?: string
  /** What the error must not show, however it is printed. */
  readonly secret?: string
}

/** Longer than any sentence: an error that echoes what it was given. */
const LONGEST_MESSAGE = 1000

/**
 * Does it, and judges the outcome: undefined where it is as it must be, else a sentence that says what is wrong.
 *
 * @example Against any broker
 * ```ts
 * for (const input of BAD_INPUTS) {
 *   it(`${input.id}: ${input.what}`, async () => {
 *     expect(await judge(input, broker, uniqueName())).toBeUndefined()
 *     expect(recorder.count()).toBe(0)
 *   })
 * }
 * ```
 */
export async function judge<On>(input: BadInput<On>, on: On, name: string): Promise<string | undefined> {
  const { how = 'rejects' } = input
  let returned: unknown
  let seen: 'rejects' | 'throws'
  let error: unknown
  try {
    returned = input.run(on, name)
    seen = 'rejects'
  } catch (thrown) {
    error = thrown
    seen = 'throws'
  }
  if (seen === 'rejects') {
    try {
      await returned
    } catch (rejected) {
      error = rejected
    }
    if (error === undefined) return `it was accepted, and should have been refused with ${input.expect}`
  }
  if (seen !== how) return `it ${seen}, and should have been refused by one that ${how}: ${inspect(error)}`
  return faultOf(input, error)
}

function faultOf(input: BadInput<never>, error: unknown): string | undefined {
  const shown = inspect(error, { depth: 10, showHidden: true })
  const fits =
    input.expect === 'TypeError'
      ? error instanceof TypeError
      : error instanceof BrokerError && error.code === input.expect
  if (!fits || !(error instanceof Error)) return `expected ${input.expect}, got ${shown}`
  if (input.names !== undefined && !error.message.includes(input.names)) {
    return `the message should name ${input.names}: ${error.message}`
  }
  if (error.message.length > LONGEST_MESSAGE) return `the message has ${error.message.length} characters`
  // oxlint-disable-next-line eslint/no-control-regex -- They are what is looked for.
  if (/[\u0000-\u0008\u000b-\u001f\u007f]/.test(error.message)) return `control characters: ${inspect(error.message)}`
  if (input.secret !== undefined && shown.includes(input.secret)) return 'the error shows the secret'
  return undefined
}
