import type { Outcome, Ref, Sender, WireMessage } from '@anybroker/driver'
import { override } from '../wrap-driver.ts'
import type { InjectedFault } from './injected-fault.ts'
import { type Life, once } from './life.ts'

const CALL_FAULTS = ['throw', 'delay', 'hang', 'hangAfter', 'die', 'dieAfter'] as const
const NEVER = new AbortController().signal
const MESSAGE_FAULTS = ['refused', 'before', 'after'] as const

/** A sender to which the faults of `send` and `close` happen. */
export function faultySender(inner: Sender, target: Ref, life: Life): Sender {
  let broken: InjectedFault | undefined
  const close = once(() => inner.close())
  life.owns(close)

  async function send(batch: readonly WireMessage[], signal: AbortSignal): Promise<readonly Outcome[]> {
    life.check()
    if (broken !== undefined) throw broken
    await life.passable(signal)
    life.check()
    const allUnknown = (error: unknown): readonly Outcome[] => batch.map(() => ({ as: 'unknown', error }))
    const strike = life.strike('send', target, CALL_FAULTS)
    if (strike !== undefined) life.note(`send.${strike.kind}`, target)
    switch (strike?.kind) {
      case 'throw':
        broken = strike.error
        throw broken
      case 'delay':
        await life.delay(signal)
        break
      case 'hang':
        return allUnknown(await life.hang(signal))
      case 'hangAfter':
        await inner.send(batch, signal)
        return allUnknown(await life.hang(signal))
      case 'die':
        life.end(strike.error)
        return allUnknown(strike.error)
      case 'dieAfter':
        await inner.send(batch, signal)
        life.end(strike.error)
        return allUnknown(strike.error)
      case undefined:
    }
    return life.whileAlive(sendEach(batch, signal), allUnknown)
  }

  /** Sends what is not struck before its effect, and tells of each what its client would hear. */
  async function sendEach(batch: readonly WireMessage[], signal: AbortSignal): Promise<readonly Outcome[]> {
    const told = new Map<WireMessage, Outcome>()
    const stored: WireMessage[] = []
    const stuck = new Map<string, Outcome>()
    for (const message of batch) {
      // A sender that keeps key order stores nothing behind what it did not confirm.
      const behind = message.key === undefined || !inner.batch.keepsKeyOrder ? undefined : stuck.get(message.key)
      const strike = behind === undefined ? life.strike('send', target, MESSAGE_FAULTS) : undefined
      if (strike !== undefined) {
        life.note(`send.${strike.kind}`, target, message.id)
        const outcome: Outcome = { as: strike.kind === 'refused' ? 'refused' : 'unknown', error: strike.error }
        told.set(message, outcome)
        if (message.key !== undefined) stuck.set(message.key, outcome)
      } else if (behind !== undefined) told.set(message, behind)
      if (behind === undefined && (strike === undefined || strike.kind === 'after')) stored.push(message)
    }
    const outcomes = stored.length === 0 ? [] : await inner.send(stored, signal)
    return batch.map((message) => told.get(message) ?? outcomes[stored.indexOf(message)] ?? missing(message))
  }

  return override(inner, {
    send,
    async close() {
      const strike = life.strike('close', target, ['fail'])
      await close(NEVER)
      if (strike === undefined) return
      life.note('close.fail', target)
      throw strike.error
    },
  })
}

function missing(message: WireMessage): never {
  throw new Error(`the driver under the faults gave no outcome for message ${message.id}`)
}
