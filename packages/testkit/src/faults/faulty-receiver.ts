import type { ExtendOutcome, Receiver, SettleOutcome, Settlement, SourceRef, WireDelivery } from '@anybroker/driver'
import { override } from '../wrap-driver.ts'
import { type Life, once } from './life.ts'

type Lost = Parameters<Parameters<Receiver['onLost']>[0]>
type Back = Parameters<Receiver['release']>[0]

const CALL_FAULTS = ['throw', 'delay', 'hang', 'hangAfter', 'die', 'dieAfter'] as const
const SETTLEMENT_FAULTS = ['before', 'after', 'lost'] as const
const NEVER = new AbortController().signal

/** A receiver to which the faults of `receive`, `settle`, `extend`, `release` and `close` happen. */
export function faultyReceiver(inner: Receiver, source: SourceRef, life: Life): Receiver {
  const inHand = new Map<unknown, WireDelivery>()
  let tellLost: (...lost: Lost) => void = () => {}
  let broken: { readonly error: unknown } | undefined
  const close = once((signal) => inner.close(signal))
  life.atEnd(breakDown)
  life.owns(close)

  function breakDown(error: unknown): void {
    if (broken !== undefined) return
    broken = { error }
    inHand.clear()
    tellLost('all', String(error))
  }

  /** The broker takes them back, as after a lease that ended there, and counts the attempt. */
  async function takeBack(deliveries: Iterable<WireDelivery>): Promise<void> {
    const back = [...deliveries].map(({ receipt, attempt }) => ({ receipt, attempts: attempt }))
    for (const { receipt } of back) inHand.delete(receipt)
    const outcomes = back.length === 0 ? [] : await inner.release(back, NEVER)
    for (const outcome of outcomes) if (outcome.as === 'error') throw outcome.error
  }

  function check(): void {
    if (broken !== undefined) throw broken.error
  }

  async function receive(max: number, options: Parameters<Receiver['receive']>[1]): Promise<readonly WireDelivery[]> {
    check()
    const strike = life.strike(
      'receive',
      source,
      inHand.size > 0 ? ['throw', 'die', 'delay', 'revoke'] : ['throw', 'die', 'delay'],
    )
    if (strike !== undefined) life.note(`receive.${strike.kind}`, source)
    switch (strike?.kind) {
      case 'throw':
        breakDown(strike.error)
        throw strike.error
      case 'die':
        life.end(strike.error)
        throw strike.error
      case 'delay':
        await life.delay(options.signal)
        break
      case 'revoke':
        await takeBack(inHand.values())
        tellLost('all', strike.error.message)
        break
      case undefined:
    }
    // It may have broken meanwhile: a closed receiver must not be asked, it would take what nobody gives back.
    check()
    const got = await life.whileAlive(inner.receive(max, options), rethrow)
    for (const delivery of got) {
      inHand.set(delivery.receipt, delivery)
      if (life.strike('receive', source, ['duplicate']) === undefined) continue
      life.note('receive.duplicate', source, delivery.message.id)
      await takeBack([delivery])
    }
    return got
  }

  async function settle(batch: readonly Settlement[], signal: AbortSignal): Promise<readonly SettleOutcome[]> {
    if (broken !== undefined) return batch.map(() => ({ as: 'lost' }))
    const failed = (error: unknown): readonly SettleOutcome[] => batch.map(() => ({ as: 'error', error }))
    const strike = life.strike('settle', source, CALL_FAULTS)
    if (strike !== undefined) life.note(`settle.${strike.kind}`, source)
    switch (strike?.kind) {
      case 'throw':
        breakDown(strike.error)
        throw strike.error
      case 'delay':
        await life.delay(signal)
        break
      case 'hang':
        return failed(await life.hang(signal))
      case 'hangAfter':
        await inner.settle(batch, signal)
        return failed(await life.hang(signal))
      case 'die':
        life.end(strike.error)
        return failed(strike.error)
      case 'dieAfter':
        await inner.settle(batch, signal)
        life.end(strike.error)
        return failed(strike.error)
      case undefined:
    }
    return life.whileAlive(settleEach(batch, signal), failed)
  }

  async function settleEach(batch: readonly Settlement[], signal: AbortSignal): Promise<readonly SettleOutcome[]> {
    const told = new Map<Settlement, SettleOutcome>()
    const done: Settlement[] = []
    for (const settlement of batch) {
      const delivery = inHand.get(settlement.receipt)
      const strike = delivery && life.strike('settle', source, SETTLEMENT_FAULTS)
      if (strike !== undefined) {
        life.note(`settle.${strike.kind}`, source, delivery?.message.id)
        told.set(settlement, strike.kind === 'lost' ? { as: 'lost' } : { as: 'error', error: strike.error })
      }
      if (strike?.kind === 'lost' && delivery) await takeBack([delivery])
      if (strike === undefined || strike.kind === 'after') done.push(settlement)
    }
    const outcomes = done.length === 0 ? [] : await inner.settle(done, signal)
    done.forEach((settlement, index) => {
      if (outcomes[index]?.as !== 'error') inHand.delete(settlement.receipt)
    })
    return batch.map((settlement) => told.get(settlement) ?? outcomes[done.indexOf(settlement)] ?? missing())
  }

  async function extend(
    receipts: readonly unknown[],
    leaseMs: number,
    signal: AbortSignal,
  ): Promise<readonly ExtendOutcome[]> {
    if (broken !== undefined || inner.extend === undefined) return receipts.map(() => ({ as: 'lost' }))
    const strike = life.strike('extend', source, ['fail', 'lost', 'throw', 'hang'])
    if (strike !== undefined) life.note(`extend.${strike.kind}`, source)
    const failed = (error: unknown): readonly ExtendOutcome[] => receipts.map(() => ({ as: 'error', error }))
    switch (strike?.kind) {
      case 'fail':
        return failed(strike.error)
      case 'lost':
        await takeBack(receipts.flatMap((receipt) => inHand.get(receipt) ?? []))
        return receipts.map(() => ({ as: 'lost' }))
      case 'throw':
        breakDown(strike.error)
        throw strike.error
      case 'hang':
        return failed(await life.hang(signal))
      case undefined:
    }
    return life.whileAlive(inner.extend(receipts, leaseMs, signal), failed)
  }

  async function release(back: Back, signal: AbortSignal): Promise<readonly SettleOutcome[]> {
    if (broken !== undefined) return back.map(() => ({ as: 'lost' }))
    const strike = life.strike('release', source, ['before', 'after'])
    if (strike !== undefined) life.note(`release.${strike.kind}`, source)
    const failed = (error: unknown): readonly SettleOutcome[] => back.map(() => ({ as: 'error', error }))
    if (strike?.kind === 'before') return failed(strike.error)
    const outcomes = await life.whileAlive(inner.release(back, signal), failed)
    for (const { receipt } of back) inHand.delete(receipt)
    return strike === undefined ? outcomes : failed(strike.error)
  }

  return override(inner, {
    receive,
    settle,
    release,
    ...(inner.extend === undefined ? {} : { extend }),
    onLost(listener) {
      tellLost = listener
      inner.onLost((receipts, reason) => {
        if (broken !== undefined) return
        if (receipts === 'all') inHand.clear()
        else for (const receipt of receipts) inHand.delete(receipt)
        listener(receipts, reason)
      })
    },
    async close(signal) {
      const strike = life.strike('close', source, ['fail', 'hang'])
      if (strike !== undefined) life.note(`close.${strike.kind}`, source)
      if (strike?.kind === 'hang' && !life.over) await life.hang(signal).catch(() => undefined)
      await close(signal)
      if (strike?.kind === 'fail') throw strike.error
    },
  })
}

function rethrow(error: unknown): never {
  throw error
}

function missing(): never {
  throw new Error('the driver under the faults gave no outcome for a settlement')
}
