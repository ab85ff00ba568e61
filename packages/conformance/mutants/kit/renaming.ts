import type { EntityRef, Ref, SourceRef } from '@anybroker/driver'
import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from '../mutant.ts'

type AnyRef = Ref | EntityRef | SourceRef

/** A driver that spells the names of entities in its own way, wherever one is named. */
export function renaming(spell: (name: string) => string): NonNullable<Mutant['wrap']> {
  const renamed = <R extends AnyRef>(ref: R): R => {
    if (ref.kind === 'inbox') return ref
    if (ref.kind === 'dead-letters') return { ...ref, of: renamed(ref.of) }
    if (ref.kind === 'subscription') return { ...ref, topic: spell(ref.topic), name: spell(ref.name) }
    return { ...ref, name: spell(ref.name) }
  }
  return (driver) =>
    wrapDriver(driver, {
      connection: (inner) =>
        override(inner, {
          openSender: (target, signal) => inner.openSender(renamed(target), signal),
          openReceiver: (source, options, signal) => inner.openReceiver(renamed(source), options, signal),
        }),
      topology: (inner) =>
        override(inner, {
          ensure: (ref, settings, signal) => inner.ensure(renamed(ref), settings, signal),
          check: (ref, settings, signal) => inner.check(renamed(ref), settings, signal),
          delete: (ref, signal) => inner.delete(renamed(ref), signal),
        }),
    })
}
