import type { Connection, ConnectionState, Ref } from '@anybroker/driver'
import { intercept } from '../intercept.ts'
import { override } from '../wrap-driver.ts'
import { faultyReceiver } from './faulty-receiver.ts'
import { faultySender } from './faulty-sender.ts'
import { InjectedFault } from './injected-fault.ts'
import { type Life, once } from './life.ts'

/** A connection to which the faults happen, with its switches. */
export interface FaultyConnection {
  readonly connection: Connection
  readonly life: Life
  block(reason: string): void
  unblock(): void
}

export function faultyConnection(inner: Connection, life: Life): FaultyConnection {
  const close = once((signal) => inner.close(signal))
  const missed: ConnectionState[] = []
  let tell: (state: ConnectionState) => void = (state) => missed.push(state)
  let closed = false
  inner.onState((state) => {
    if (state.as === 'disconnected') life.end(state.error)
    else tell(state)
  })
  life.owns(close)
  // Told apart from the call that it struck, as a socket's end is.
  life.atEnd((error) => queueMicrotask(() => tell({ as: 'disconnected', error })))

  const topology = aliveOnly(inner.topology, life, async (call) => {
    const strike = life.strike('topology', undefined, ['before', 'after'])
    if (strike !== undefined) life.note(`topology.${strike.kind}`, undefined)
    if (strike?.kind === 'before') throw strike.error
    const result = await call()
    if (strike !== undefined) throw strike.error
    return result
  })

  const open = <T>(opening: () => Promise<T>, target: Ref) => {
    life.check()
    const strike = life.strike('open', target, ['fail'])
    if (strike !== undefined) life.note('open.fail', target)
    if (strike !== undefined) throw strike.error
    return life.whileAlive(opening(), rethrow)
  }

  const connection = override(inner, {
    topology,
    admin: aliveOnly(inner.admin, life, (call) => call()),
    openSender: async (target, signal) =>
      faultySender(await open(() => inner.openSender(target, signal), target), target, life),
    openReceiver: async (source, options, signal) =>
      faultyReceiver(await open(() => inner.openReceiver(source, options, signal), source), source, life),
    onState(listener) {
      tell = listener
      for (const state of missed.splice(0)) queueMicrotask(() => listener(state))
    },
    async close(signal) {
      if (closed) return
      closed = true
      const strike = life.strike('close', undefined, ['fail', 'hang'])
      if (strike !== undefined) life.note(`close.${strike.kind}`, undefined)
      if (strike?.kind === 'hang' && !life.over) await life.hang(signal).catch(() => undefined)
      await (life.over ? life.closed : close(signal))
      life.disown()
      life.end(new InjectedFault('closed', { code: 'CLOSED', retryable: false, scope: 'connection' }))
      if (strike?.kind === 'fail') throw strike.error
    },
  })
  return {
    connection,
    life,
    block(reason) {
      life.setBlocked(true)
      tell({ as: 'blocked', reason })
    },
    unblock() {
      life.setBlocked(false)
      tell({ as: 'unblocked' })
    },
  }
}

/** `inner`, every call of which fails once the connection is over and otherwise goes through `around`. */
function aliveOnly<T extends object>(
  inner: T,
  life: Life,
  around: (call: () => Promise<unknown>) => Promise<unknown>,
): T {
  return intercept(inner, (_, value) => {
    if (typeof value !== 'function') return value
    return async (...given: unknown[]) => {
      life.check()
      return around(async () => (await value(...given)) as unknown)
    }
  })
}

function rethrow(error: unknown): never {
  throw error
}
