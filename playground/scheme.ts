// The colour scheme of the page: the system's, or the one that the user chose.

/** The name of a scheme. */
export type SchemeName = 'light' | 'dark'

/** The part of `localStorage` that a setting needs. */
export type Settings = Pick<Storage, 'getItem' | 'setItem'>

const KEY = 'kubeflect-playground scheme'
const CHANGE = 'schemechange'
const dark = matchMedia('(prefers-color-scheme: dark)')

/** Applies the scheme that the user chose on an earlier visit, and follows what is chosen in other tabs. */
export function restoreScheme(storage: Settings): void {
  const restore = () => {
    const chosen = storage.getItem(KEY)
    if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.scheme = chosen
    document.dispatchEvent(new Event(CHANGE))
  }
  addEventListener('storage', ({ key }) => key === KEY && restore())
  restore()
}

/** Returns the scheme that is shown. */
export function currentScheme(): SchemeName {
  const chosen = document.documentElement.dataset.scheme
  return chosen === 'light' || chosen === 'dark' ? chosen : dark.matches ? 'dark' : 'light'
}

/** Switches to the other scheme, and remembers it. */
export function toggleScheme(storage: Settings): void {
  const next = currentScheme() === 'dark' ? 'light' : 'dark'
  document.documentElement.dataset.scheme = next
  storage.setItem(KEY, next)
  document.dispatchEvent(new Event(CHANGE))
}

/** Calls back after each change of the scheme, by the system or by the user. */
export function onSchemeChange(listener: () => void): void {
  dark.addEventListener('change', listener)
  document.addEventListener(CHANGE, listener)
}
