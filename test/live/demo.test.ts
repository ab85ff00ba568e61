// The demo of the README, unchanged, on every broker that is there.
import { expect, test } from 'vitest'
import { names, urlVariable, type BrokerName } from '../brokers/names.ts'
import { demo, ledgerOf, type Ended } from '../run-demo.ts'

const there = names.filter((name) => (process.env[urlVariable(name)] ?? '') !== '')

test.skipIf(there.length === 0)('the demo says the same on every broker', { timeout: 300_000 }, async () => {
  const reference = await demo()
  for (const name of there) {
    const { code, out, err } = await demo([], environmentOf(name, process.env[urlVariable(name)] ?? ''))
    expect({ name, code, err }).toEqual({ name, code: 0, err: '' })
    expect(letters(out)).toBe(letters(reference.out))
    expect(ledgerOf(out)).toEqual(ledgerOf(reference.out))
  }
})

/** What a user of this broker sets. */
function environmentOf(name: BrokerName, url: string): Readonly<Record<string, string>> {
  const namespace = `demo${process.pid}`
  if (name === 'fauxqs' || name === 'localstack') {
    const account = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' }
    return { ...account, AWS_ENDPOINT_URL: url, BROKER_URL: `sqs-sns:?namespace=${namespace}` }
  }
  const own = new URL(url)
  own.searchParams.set('namespace', namespace)
  return { BROKER_URL: own.href }
}

/** They come in any order. */
function letters(out: Ended['out']): string {
  const found = out.slice(out.indexOf('Dead letters\n'), out.indexOf('\nLedger, '))
  return found.split('\n').toSorted().join('\n')
}
