import type { Measured } from './bench.ts'

/** One case over all rounds. */
export interface Row {
  readonly name: string
  readonly rounds: readonly Measured[]
}

export interface Summary {
  readonly name: string
  readonly messagesPerSecond: { readonly median: number; readonly min: number; readonly max: number }
  readonly nanosPerMessage: number
  readonly cpuMicrosPerMessage: number
  readonly latencyMicros?: { readonly p50: number; readonly p99: number }
  /** The median of the ratios within each round: neighbours in time saw the same machine. */
  readonly ratio: number
}

export function summarize(rows: readonly Row[], yardstick: string): readonly Summary[] {
  const reference = rows.find(({ name }) => name === yardstick)?.rounds ?? []
  return rows.map(({ name, rounds }) => {
    const rates = rounds.map(({ messagesPerSecond }) => messagesPerSecond)
    const latencies = rounds.flatMap(({ latencyMicros }) => latencyMicros ?? [])
    const rate = median(rates)
    return {
      name,
      messagesPerSecond: { median: rate, min: Math.min(...rates), max: Math.max(...rates) },
      nanosPerMessage: 1e9 / rate,
      cpuMicrosPerMessage: median(rounds.map((round) => round.cpuMicrosPerMessage)),
      ...(latencies.length === 0
        ? {}
        : {
            latencyMicros: {
              p50: median(latencies.map((one) => one.p50)),
              p99: median(latencies.map((one) => one.p99)),
            },
          }),
      ratio: median(rates.map((one, round) => one / (reference[round]?.messagesPerSecond ?? Number.NaN))),
    }
  })
}

export function markdown(summaries: readonly Summary[], yardstick: string): string {
  const head = ['case', 'k msg/s, median [range]', 'ns/msg', 'CPU µs/msg', 'latency p50 / p99, µs', `× ${yardstick}`]
  const rows = summaries.map(({ name, messagesPerSecond: { median: rate, min, max }, latencyMicros, ...one }) => [
    name,
    `${thousands(rate)} [${thousands(min)}–${thousands(max)}]`,
    one.nanosPerMessage.toFixed(0),
    one.cpuMicrosPerMessage.toFixed(2),
    latencyMicros === undefined ? '' : `${latencyMicros.p50.toFixed(1)} / ${latencyMicros.p99.toFixed(1)}`,
    one.ratio.toPrecision(2),
  ])
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  return [line(head), rule, ...rows.map(line)].join('\n')
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

function thousands(rate: number): string {
  const k = rate / 1000
  return k >= 100 ? k.toFixed(0) : k.toPrecision(3)
}
