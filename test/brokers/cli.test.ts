import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'

function brokers(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const cli = join(import.meta.dirname, 'cli.ts')
  return spawnSync(process.execPath, [cli, ...args], { encoding: 'utf8', timeout: 20_000 })
}

test.each([
  { said: ['up', 'rabit'], answer: /^No broker "rabit"\. There are: .*rabbitmq-4.*\n$/u },
  { said: ['upp'], answer: /^No verb "upp": pnpm brokers up\|down.*\n$/u },
  { said: ['toString'], answer: /^No verb "toString": .*\n$/u },
  { said: [], answer: /^Say what to do: pnpm brokers up\|down.*\n$/u },
  { said: ['up', '--all'], answer: /^[^\n]*--all[^\n]*\n$/u },
])('$said is refused with one sentence and exit code 2', ({ said, answer }) => {
  const { status, stdout, stderr } = brokers(...said)
  expect(stderr).toMatch(answer)
  expect(stdout).toBe('')
  expect(status).toBe(2)
})

test('a broker that the environment names and that does not answer is told with exit code 1', () => {
  vi.stubEnv('ANYBROKER_TEST_GOOGLE_PUBSUB_URL', 'http://127.0.0.1:9')
  const { status, stderr } = brokers('up', 'google-pubsub')
  vi.unstubAllEnvs()
  expect(stderr).toBe('ANYBROKER_TEST_GOOGLE_PUBSUB_URL is set, and no google-pubsub answers at 127.0.0.1:9\n')
  expect(status).toBe(1)
})
