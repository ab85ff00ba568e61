/** The same without one of its members. */
export function without<T extends object, K extends keyof T>(from: T, key: K): Omit<T, K> {
  const rest: Partial<T> = { ...from }
  delete rest[key]
  return rest as Omit<T, K>
}
