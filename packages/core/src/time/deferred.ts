export interface Deferred<T> {
  readonly promise: Promise<T>
  readonly resolve: (value: T) => void
  readonly reject: (error: unknown) => void
}

export function deferred<T>(): Deferred<T> {
  return Promise.withResolvers<T>()
}

/** For promises whose failure is told in another way as well: an event, another promise. Says so at the call. */
export function toldElsewhere(promise: Promise<unknown>): void {
  promise.then(undefined, () => undefined)
}
