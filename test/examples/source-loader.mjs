// Lets Node run an example from this checkout's sources, without a build: `kubeflect` means `src/`, where imports have no extension.
import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'
import { sourceAlias } from '../../scripts/source-alias.ts'

registerHooks({
  resolve(specifier, context, next) {
    const alias = sourceAlias.find(({ find }) => find.test(specifier))
    if (alias) return next(pathToFileURL(specifier.replace(alias.find, alias.replacement)).href, context)
    const isOurs = !context.parentURL?.includes('/node_modules/')
    const bare = isOurs && /^\.{1,2}\//.test(specifier) && !/\.\w+$/.test(specifier)
    return next(bare ? `${specifier}.ts` : specifier, context)
  },
})
