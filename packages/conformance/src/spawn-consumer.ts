import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Harness } from './harness.ts'

/** What the child tells. */
export type ChildSays = { readonly as: 'ready' } | { readonly as: 'received'; readonly id: string }

/** A process that has not opened its consumer by then will not. */
const READY_MS = 30_000

/**
 * Makes `Harness.spawn` of a module that exports `connect(): Promise<Broker>`, to the same broker and namespace as the harness.
 * Each call starts a Node process of its own with one consumer in it, and resolves when that is open.
 *
 * @throws When the process ends, or is not ready within 30 s. The error holds what it said.
 *
 * @example The module `connect-here.ts` is used by the harness itself, too
 * ```ts
 * conformance({ name: 'nats', connect, spawn: spawnConsumer(new URL('./connect-here.ts', import.meta.url)) })
 * ```
 */
export function spawnConsumer(connectModule: URL): NonNullable<Harness['spawn']> {
  const program = new URL(
    import.meta.url.endsWith('.ts') ? './consumer-process.ts' : './consumer-process.js',
    import.meta.url,
  )
  return async (job) => {
    const child = fork(fileURLToPath(program), [connectModule.href, JSON.stringify(job)], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    const received: string[] = []
    let said = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text))
    const exited = once(child, 'exit')
    const kill = async () => {
      child.kill('SIGKILL')
      await exited
    }

    const ready = new Promise<void>((resolve) => {
      child.on('message', (message) => {
        const told = message as ChildSays
        if (told.as === 'ready') resolve()
        else received.push(told.id)
      })
    })
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(), READY_MS)
    try {
      await Promise.race([ready, exited, once(late.signal, 'abort')])
    } finally {
      clearTimeout(timer)
    }
    if (child.exitCode !== null || child.signalCode !== null || late.signal.aborted) {
      await kill()
      throw new Error(`the process of a consumer did not become ready. It said:\n${said}`)
    }
    return { kill, received: async () => [...received] }
  }
}
