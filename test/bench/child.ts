// Measures one case in a process of its own, so that no other case has shaped its code, its heap or its timers.
// Arguments: the broker, the name of the case, how many messages.
import { brokers } from './brokers/index.ts'
import type { Measured } from './bench.ts'

/** A fast case needs many runs until its code is compiled for good, a slow one three. */
const WARM_UPS = 3
const WARM_UP_MS = 500

const [broker = '', name = '', count = ''] = process.argv.slice(2)
const messages = Number(count)
const bench = await brokers[broker]?.()
const wanted = bench?.cases.find((one) => one.name === name)
if (wanted === undefined) throw new TypeError(`no case "${name}" for ${broker}`)

const started = await wanted.start()
const warmAt = performance.now() + WARM_UP_MS
for (let warmUp = 0; warmUp < WARM_UPS || performance.now() < warmAt; warmUp++) {
  await started.run(Math.ceil(messages / 5))
}
const cpuBefore = process.cpuUsage()
const began = performance.now()
await started.run(messages)
const seconds = (performance.now() - began) / 1000
const cpu = process.cpuUsage(cpuBefore)
const latencies = started.latencies?.()
await started.close()

const measured: Measured = {
  messagesPerSecond: messages / seconds,
  cpuMicrosPerMessage: (cpu.user + cpu.system) / messages,
  ...(latencies === undefined
    ? {}
    : { latencyMicros: { p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) } }),
}
process.send?.(measured, () => process.disconnect())

function quantile(nanos: readonly number[], part: number): number {
  const sorted = nanos.toSorted((a, b) => a - b)
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0) / 1000
}
