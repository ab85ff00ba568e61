/** What a member of a driver's part becomes: `value` is the real one, bound where it is a method. */
export type Replace = (property: PropertyKey, value: unknown) => unknown

/** `inner` with every member passed through `replace`. Methods keep `inner` as `this`, private fields included. */
export function intercept<T extends object>(inner: T, replace: Replace): T {
  // An empty object stands for `inner`, because a proxy of a frozen one must show its members as they are.
  return new Proxy({} as T, {
    get(_, property) {
      const value: unknown = Reflect.get(inner, property, inner)
      return replace(property, typeof value === 'function' ? value.bind(inner) : value)
    },
    has: (_, property) => replace(property, Reflect.get(inner, property, inner)) !== undefined,
  })
}
