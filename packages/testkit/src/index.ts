export * from './seeded-random.ts'
export * from './virtual-time.ts'
export * from './wrap-driver.ts'
