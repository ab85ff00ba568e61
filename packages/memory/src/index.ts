export { memory, fromUrl } from './memory.ts'
export { inspect, type MemoryInspector } from './inspect.ts'
export type { Settled } from './engine/record.ts'
export type { MemoryOptions } from './options.ts'
