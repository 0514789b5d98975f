import { describe, expect, it } from 'vitest'
import { apiVersionOf, defineResource, resourceName, resourcePath } from '../../src/meta/resource'

const Pod = defineResource({ version: 'v1', plural: 'pods', kind: 'Pod' })
const Widget = defineResource({ group: 'example.com', version: 'v1beta1', plural: 'widgets', kind: 'Widget', scope: 'Cluster' })

describe('defineResource', () => {
  it('is namespaced and in the core group unless it is told otherwise', () => {
    expect(Pod).toEqual({ group: '', version: 'v1', plural: 'pods', kind: 'Pod', scope: 'Namespaced' })
    expect(apiVersionOf(Pod)).toBe('v1')
    expect(resourceName(Pod)).toBe('pods')
  })

  it('names the group in apiVersion and in the name', () => {
    expect(apiVersionOf(Widget)).toBe('example.com/v1beta1')
    expect(resourceName(Widget)).toBe('widgets.example.com')
  })

  it.each([
    [{ version: '1' }, 'version must look like v1 or v1beta1, not "1"'],
    [{ version: 'example.com/v1' }, 'version must look like v1'],
    [{ plural: 'Widgets' }, 'plural must be lower case, as in the URL (widgets), not "Widgets"'],
    [{ plural: '' }, 'plural must be lower case'],
    [{ plural: 'pods/status' }, 'plural must be lower case'],
    [{ kind: 'widget' }, 'kind must be in upper camel case (Widget), not "widget"'],
    [{ group: 'example.com/v1' }, 'group must be a DNS name or empty, not "example.com/v1"'],
    [{ kind: undefined as unknown as string }, 'kind must be in upper camel case (Widget), not undefined'],
  ])('refuses %j and says what would be right', (mistake, message) => {
    expect(() => defineResource({ version: 'v1', plural: 'widgets', kind: 'Widget', ...mistake })).toThrow(message)
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
    [Widget, { name: '../../secrets' }, 'apis/example.com/v1beta1/widgets/..%2F..%2Fsecrets'],
  ])('%o, %j → %s', (resource, place, path) => {
    expect(resourcePath(resource, place)).toBe(path)
  })
})
