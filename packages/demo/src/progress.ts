import { clearScreenDown, moveCursor } from 'node:readline'
import type { WriteStream } from 'node:tty'
import { SERVICES } from './erasure.ts'
import type { Ledger } from './ledger.ts'
import { paint } from './paint.ts'

const BAR = 30
const WIDTH = 60
const LIVE_MS = 80
const PLAIN_MS = 1000

/** Shows a run while it goes on. */
export interface Progress extends Disposable {
  /** A sentence that stays. */
  say(sentence: string): void
}

/** One block that updates itself on a terminal that is wide enough; elsewhere a line now and then. */
export function showProgress(stream: NodeJS.WriteStream, ledger: Ledger): Progress {
  const able = stream.isTTY && stream.columns >= WIDTH && process.env['TERM'] !== 'dumb'
  return able ? live(stream, ledger) : plain(stream, ledger)
}

function live(stream: WriteStream, ledger: Ledger): Progress {
  let drawn = 0
  const erase = () => {
    moveCursor(stream, 0, -drawn)
    clearScreenDown(stream)
    drawn = 0
  }
  const draw = () => {
    erase()
    const lines = block(stream, ledger)
    stream.write(`${lines.join('\n')}\n`)
    drawn = lines.length
  }
  const timer = setInterval(draw, LIVE_MS)
  return {
    say(sentence) {
      erase()
      stream.write(`${sentence}\n`)
      draw()
    },
    [Symbol.dispose]() {
      clearInterval(timer)
      draw()
    },
  }
}

function block(stream: NodeJS.WriteStream, ledger: Ledger): string[] {
  const { completed, mailed, deadLettered } = ledger.totals
  const row = (what: string, count: number) => {
    const full = Math.floor((BAR * count) / ledger.expected)
    const bar = paint(stream, 'green', '█'.repeat(full)) + paint(stream, 'gray', '░'.repeat(BAR - full))
    return `  ${what.padEnd(10)} ${bar} ${count.toLocaleString('en').padStart(9)}`
  }
  return [
    '',
    row('published', ledger.published),
    ...SERVICES.map((service) => row(service, ledger.doneBy(service))),
    row('completed', completed),
    row('mails', mailed),
    paint(stream, 'gray', `  ${deadLettered} dead-lettered so far`),
  ]
}

function plain(stream: NodeJS.WriteStream, ledger: Ledger): Progress {
  let last = ''
  const timer = setInterval(() => {
    const { completed, mailed } = ledger.totals
    const services = SERVICES.map((service) => `${service} ${ledger.doneBy(service)}`).join(' · ')
    const line = `  published ${ledger.published} · ${services} · completed ${completed} · mails ${mailed}`
    if (line !== last) stream.write(`${line}\n`)
    last = line
  }, PLAIN_MS)
  return {
    say: (sentence) => void stream.write(`${sentence}\n`),
    [Symbol.dispose]: () => clearInterval(timer),
  }
}
