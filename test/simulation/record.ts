import type { Driver, Ref } from '@anybroker/driver'
import { override, wrapDriver } from '@anybroker/testkit'

/** What one run is judged by: what the application did and saw, and what the driver at the very end did. Nothing of core's. */
export interface RunRecord {
  /** Every send, in the order of the calls. */
  readonly sends: Send[]
  /** Every time that a handler, batch or loop was given a message, in order. */
  readonly seen: Seen[]
  /** Each of those with which the application was content: it resolved, or acked. */
  readonly succeeded: { readonly source: string; readonly id: string }[]
  /** What was found in the dead letters in the end. */
  readonly letters: { readonly source: string; readonly id: string }[]
  /** What the broker stored, behind all faults. */
  readonly stored: { readonly target: string; readonly id: string }[]
  /** What the broker took off a source because core said ack, behind all faults. */
  readonly acked: { readonly source: string; readonly id: string; readonly receipt: unknown }[]
  /** Senders and receivers of the broker that are open. */
  readonly open: Set<string>
  /** Whether a lease, a session or a connection was lost on the way: then order is not promised. */
  lossy: boolean
  /** Faults that took effect. */
  faults: number
  /** What went wrong beyond that: calls that never ended, timers left, errors of the wrong kind. */
  readonly problems: string[]
}

export interface Send {
  readonly id: string
  readonly target: string
  readonly key: string | undefined
  /** By the clock of the run, as `at` of what is seen. */
  readonly notBefore: number
  outcome: 'pending' | 'confirmed' | 'buffered' | 'refused' | 'unknown'
}

export interface Seen {
  readonly source: string
  readonly id: string
  readonly key: string | undefined
  readonly attempt: number
  readonly at: number
  /** Others of its key and source that were being handled when it began. */
  readonly beside: readonly string[]
}

export function newRecord(): RunRecord {
  return {
    sends: [],
    seen: [],
    succeeded: [],
    letters: [],
    stored: [],
    acked: [],
    open: new Set(),
    lossy: false,
    faults: 0,
    problems: [],
  }
}

/** `orders`, `events/billing`, `dead letters of orders`. */
function nameOf(ref: Ref): string {
  switch (ref.kind) {
    case 'queue':
    case 'topic':
      return ref.name
    case 'subscription':
      return `${ref.topic}/${ref.name}`
    case 'dead-letters':
      return `dead letters of ${nameOf(ref.of)}`
    case 'inbox':
      return 'inbox'
  }
}

/** A driver that writes down what it really did. */
export function recorded(inner: Driver, record: RunRecord): Driver {
  let opened = 0
  const open = (what: string): (() => boolean) => {
    const name = `${what} ${(opened += 1)}`
    record.open.add(name)
    return () => record.open.delete(name)
  }
  return wrapDriver(inner, {
    sender: (sender, ref) => {
      const closed = open(`the sender to ${nameOf(ref)}`)
      return override(sender, {
        close: async () => {
          closed()
          await sender.close()
        },
        send: async (batch, signal) => {
          const outcomes = await sender.send(batch, signal)
          batch.forEach(({ id }, index) => {
            if (outcomes[index]?.as === 'confirmed') record.stored.push({ target: nameOf(ref), id })
          })
          return outcomes
        },
      })
    },
    receiver: (receiver, ref) => {
      const closed = open(`the receiver of ${nameOf(ref)}`)
      const ids = new Map<unknown, string>()
      return override(receiver, {
        close: async (signal) => {
          closed()
          await receiver.close(signal)
        },
        receive: async (max, options) => {
          const got = await receiver.receive(max, options)
          for (const { receipt, message } of got) ids.set(receipt, message.id)
          return got
        },
        settle: async (batch, signal) => {
          const outcomes = await receiver.settle(batch, signal)
          batch.forEach(({ as, receipt }, index) => {
            if (as === 'ack' && outcomes[index]?.as === 'ok')
              record.acked.push({ source: nameOf(ref), id: ids.get(receipt) ?? 'a message of no receipt', receipt })
          })
          return outcomes
        },
      })
    },
  })
}
