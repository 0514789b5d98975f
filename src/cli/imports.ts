import { width } from './docs'
import { type Names, quote } from './names'

/** The imports of one module: of types only, each under a name that is free in it. */
export class Imports {
  readonly #names: Names
  readonly #modules = new Map<string, Map<string, string>>()

  /** @param names those of the module; what is imported is added. */
  constructor(names: Names) {
    this.#names = names
  }

  /** Imports `name` from a module, unless that was done before; returns what it is called here. */
  add(name: string, from: string): string {
    const imported = this.#modules.get(from) ?? new Map<string, string>()
    this.#modules.set(from, imported)
    const local = imported.get(name) ?? this.#names.claim(name)
    imported.set(name, local)
    return local
  }

  /** The lines to write. */
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
