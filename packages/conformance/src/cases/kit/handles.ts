import { AsyncLocalStorage, createHook } from 'node:async_hooks'

/**
 * What can keep a process alive: timers, sockets, servers, child processes, watchers. A session of HTTP/2 is none: its socket is listed by
 * itself, and once that is closed the session is there only until it is collected.
 */
const KINDS: ReadonlySet<string> = new Set([
  'Timeout',
  'TCPWRAP',
  'TCPSERVERWRAP',
  'TLSWRAP',
  'PIPEWRAP',
  'UDPWRAP',
  'PROCESSWRAP',
  'FSEVENTWRAP',
  'STATWATCHER',
  'MESSAGEPORT',
  'WORKER',
])

/** Remembers which handles some code opened, however deep in a client library, and which of them are still open. */
export interface Handles {
  /** Everything that `work` begins is watched, to the end of what it began. */
  watch<V>(work: () => V): V
  /** What is open and keeps the process alive, by kind. */
  readonly left: () => readonly string[]
  /** Stops watching. */
  readonly end: () => void
}

/**
 * Tells what code opened from what runs beside it, as cases do: by the asynchronous context in which a handle was made. The
 * process' own list (`getActiveResourcesInfo`) knows no owner.
 */
export function handles(): Handles {
  const scope = new AsyncLocalStorage<true>()
  const open = new Map<number, { readonly kind: string; readonly resource: WeakRef<object> }>()
  const hook = createHook({
    init(id, kind, _trigger, resource) {
      if (KINDS.has(kind) && scope.getStore() === true) open.set(id, { kind, resource: new WeakRef(resource) })
    },
    destroy(id) {
      open.delete(id)
    },
  }).enable()
  return {
    watch: (work) => scope.run(true, work),
    left: () => [...open.values()].filter(({ resource }) => keepsAlive(resource.deref())).map(({ kind }) => kind),
    end: () => void hook.disable(),
  }
}

function keepsAlive(resource: object | undefined): boolean {
  if (resource === undefined) return false
  return !('hasRef' in resource) || typeof resource.hasRef !== 'function' || resource.hasRef() !== false
}
