let current = ''

/** Called once at the start of each request. */
export function enterTenant(tenant: string): void {
  current = tenant
}

export function currentTenant(): string {
  if (current === '') throw new Error('no tenant has been entered')
  return current
}
