import { describe, expect, it } from 'vitest'
import { apiVersionOf, defineResource, resourceName, resourcePath } from '../../src/api/resource'
import { verdicts } from './verdicts'

const Pod = defineResource({ version: 'v1', plural: 'pods', kind: 'Pod' })
const Widget = defineResource({ group: 'example.com', version: 'v1beta1', plural: 'widgets', kind: 'Widget', scope: 'Cluster' })

describe('defineResource', () => {
  it('defineResource defaults to a namespaced resource of the core group', () => {
    expect(Pod).toEqual({ group: '', version: 'v1', plural: 'pods', kind: 'Pod', scope: 'Namespaced' })
    expect(apiVersionOf(Pod)).toBe('v1')
    expect(resourceName(Pod)).toBe('pods')
  })

  it('defineResource includes the group in apiVersion and in the name', () => {
    expect(apiVersionOf(Widget)).toBe('example.com/v1beta1')
    expect(resourceName(Widget)).toBe('widgets.example.com')
  })

  it.each([
    [{ version: '1' }, "version must be lower-case letters, digits and '-'"],
    [{ version: '1' }, '("v1"), got "1"'],
    [{ version: 'example.com/v1' }, 'version must be'],
    [{ version: 'V1' }, 'version must be'],
    [{ plural: 'Widgets' }, 'as in the URL ("widgets"), got "Widgets"'],
    [{ plural: '' }, 'plural must be'],
    [{ plural: 'pods/status' }, 'plural must be'],
    [{ plural: '../../../api/v1/secrets' }, 'plural must be'],
    [{ plural: 'a'.repeat(64) }, 'at most 63 characters'],
    [{ kind: 'My_Kind' }, 'when lower-cased ("Widget"), got "My_Kind"'],
    [{ kind: '-dash' }, 'kind must be'],
    [{ kind: undefined as unknown as string }, '("Widget"), got undefined'],
    [{ group: 'example.com/v1' }, 'group must be a DNS subdomain such as "example.com", or empty for the core group, got "example.com/v1"'],
    [{ group: '..' }, 'group must be'],
    [{ group: null as unknown as string }, 'group must be a DNS subdomain such as "example.com", or empty for the core group, got null'],
    [{ scope: 'namespaced' as 'Namespaced' }, 'scope must be "Namespaced" or "Cluster", got "namespaced"'],
    [{ schema: {} as never }, 'schema must be a Standard Schema'],
  ])('defineResource refuses %j and names the valid form', (mistake, message) => {
    expect(() => defineResource({ version: 'v1', plural: 'widgets', kind: 'Widget', ...mistake })).toThrow(message)
  })

  it.each(['postgresql', 'With-Dash', 'Pod', 'a'])('defineResource accepts the kind %j, like API servers', (kind) => {
    expect(defineResource({ group: 'acid.zalan.do', version: 'stable', plural: 'things', kind })).toMatchObject({ kind, version: 'stable' })
  })

  it.each([undefined, null, 5, 'pods'])('defineResource says what it expects for %j', (given) => {
    expect(() => defineResource(given as never)).toThrow('defineResource: expected { group, version, plural, kind, scope }, got')
  })

  it('defineResource accepts a version, plural, kind or group exactly when the API server does', () => {
    const accepts = (mistake: object) => {
      try {
        return Boolean(defineResource({ version: 'v1', plural: 'widgets', kind: 'Widget', ...mistake }))
      } catch {
        return false
      }
    }
    for (const [name, isLabel, isKind, isSubdomain] of verdicts.names) {
      expect([name, accepts({ version: name }), accepts({ plural: name }), accepts({ kind: name })]).toEqual([
        name,
        isLabel,
        isLabel,
        isKind,
      ])
      // The empty group is the core group.
      expect([name, accepts({ group: name })]).toEqual([name, isSubdomain || name === ''])
    }
  })
})

describe('resourcePath', () => {
  it.each([
    [Pod, {}, 'api/v1/pods'],
    [Pod, { namespace: '' }, 'api/v1/pods'],
    [Pod, { namespace: 'shop' }, 'api/v1/namespaces/shop/pods'],
    [Pod, { namespace: 'shop', name: 'web-1' }, 'api/v1/namespaces/shop/pods/web-1'],
    [Widget, {}, 'apis/example.com/v1beta1/widgets'],
    [Widget, { name: 'system:x' }, 'apis/example.com/v1beta1/widgets/system%3Ax'],
  ])('resourcePath of %o, %j is %s', (resource, place, path) => {
    expect(resourcePath(resource, place)).toBe(path)
  })
})
