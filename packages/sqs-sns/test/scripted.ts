import type { Runtime } from '@anybroker/driver'
import type { Clients } from '../src/clients.ts'
import { Session } from '../src/session.ts'

/** One request, as the SDK was asked to send it. */
export interface Asked {
  readonly action: string
  readonly input: Readonly<Record<string, unknown>>
}

interface Scripted {
  readonly session: Session
  readonly asked: Asked[]
  /** Sets both clocks on, and runs what falls due. */
  advance(ms: number): void
}

/** A session whose service answers by a script: what `answer` returns or throws. By default all entries of a batch succeed. */
export function scripted(answer: (asked: Asked) => unknown = succeed): Scripted {
  const asked: Asked[] = []
  let now = 0
  let ids = 0
  const timers = new Set<{ readonly at: number; readonly run: () => void }>()
  const send = async (command: { readonly constructor: { readonly name: string }; readonly input: object }) => {
    const one = { action: command.constructor.name.replace(/Command$/, ''), input: command.input as Asked['input'] }
    asked.push(one)
    return answer(one)
  }
  const client = { send } as unknown
  const runtime: Runtime = {
    now: () => now,
    wallNow: () => 1_000_000_000 + now,
    timer: (delayMs, run) => {
      const timer = { at: now + delayMs, run }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    sleep: async (delayMs) => {
      now += delayMs
    },
    random: () => 0.5,
    id: () => `id-${(ids += 1)}`,
    log: () => undefined,
  }
  const clients = { sqs: client, polls: client, sns: client } as Clients
  const settings = { namespace: 'ab', readyMs: 0, endpoints: {} }
  return {
    session: new Session(clients, settings, runtime, 'eu-west-1', '123456789012'),
    asked,
    advance: (ms) => {
      now += ms
      for (const timer of timers) {
        if (timer.at > now) continue
        timers.delete(timer)
        timer.run()
      }
    },
  }
}

export function succeed({ input }: Asked): unknown {
  const entries = (input['Entries'] ?? []) as readonly { readonly Id: string }[]
  return { Successful: entries.map(({ Id }) => ({ Id })) }
}

/** The entries of the requests of one action, all in a row. */
export function entriesOf(asked: readonly Asked[], action: string): readonly Readonly<Record<string, unknown>>[] {
  return asked
    .filter((one) => one.action === action)
    .flatMap(({ input }) => input['Entries'] as readonly Readonly<Record<string, unknown>>[])
}
