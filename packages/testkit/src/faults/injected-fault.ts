import type { ErrorFacts } from '@anybroker/driver'

/** What a faulty driver throws, or puts into an outcome. Its `facts` are what the driver's `describeError` answers. */
export class InjectedFault extends Error {
  override readonly name = 'InjectedFault'
  readonly facts: ErrorFacts

  constructor(what: string, facts: ErrorFacts) {
    super(`injected: ${what}`)
    this.facts = facts
  }
}
