// The demo of the README, unchanged, on every broker that is there.
import { expect, test } from 'vitest'
import { names, urlVariable } from '../brokers/names.ts'
import { demo, ledgerOf, type Ended } from '../run-demo.ts'

const there = names.filter((name) => (process.env[urlVariable(name)] ?? '') !== '')

test.skipIf(there.length === 0)('the demo says the same on every broker', { timeout: 300_000 }, async () => {
  const reference = await demo()
  for (const name of there) {
    const url = new URL(process.env[urlVariable(name)] ?? '')
    url.searchParams.set('namespace', `demo${process.pid}`)
    const { code, out, err } = await demo([], { BROKER_URL: url.href })
    expect({ name, code, err }).toEqual({ name, code: 0, err: '' })
    expect(letters(out)).toBe(letters(reference.out))
    expect(ledgerOf(out)).toEqual(ledgerOf(reference.out))
  }
})

/** They come in any order. */
function letters(out: Ended['out']): string {
  const found = out.slice(out.indexOf('Dead letters\n'), out.indexOf('\nLedger, '))
  return found.split('\n').toSorted().join('\n')
}
