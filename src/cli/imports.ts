// Collects the type imports of a generated module.

import { width } from './docs'
import { type Names, quote } from './names'

/** The type imports of one module; each gets a local name that the module does not use otherwise. */
export class Imports {
  readonly #names: Names
  readonly #modules = new Map<string, Map<string, string>>()

  /** @param names the names of the module; imports are added to them. */
  constructor(names: Names) {
    this.#names = names
  }

  /** Imports `name` from a module once, and returns its local name. */
  add(name: string, from: string): string {
    const imported = this.#modules.get(from) ?? new Map<string, string>()
    this.#modules.set(from, imported)
    const local = imported.get(name) ?? this.#names.claim(name)
    imported.set(name, local)
    return local
  }

  /** Renders the import lines. */
  text(): string {
    const lines = [...this.#modules].sort().map(([from, imported]) => {
      const specifiers = [...imported].sort().map(([name, local]) => (name === local ? name : `${name} as ${local}`))
      const line = `import type { ${specifiers.join(', ')} } from ${quote(from)}\n`
      if (line.length <= width + 1) return line
      return `import type {\n${specifiers.map((specifier) => `  ${specifier},\n`).join('')}} from ${quote(from)}\n`
    })
    return lines.join('')
  }
}
