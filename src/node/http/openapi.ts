import { z } from 'zod'
import type { ApiRoute } from './api-routes.ts'

interface JsonSchemaObject {
  readonly properties?: Readonly<Record<string, object>>
  readonly required?: readonly string[]
}

const schemaOf = (type: z.ZodType) => z.toJSONSchema(type, { io: 'input' }) as JsonSchemaObject

function parametersOf(type: z.ZodType, place: 'query' | 'path'): object[] {
  const { properties = {}, required = [] } = schemaOf(type)
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema,
  }))
}

function requestBodyOf(route: ApiRoute): object | null {
  if (route.binary) return { required: true, content: { 'application/octet-stream': {} } }
  if (route.body === null) return null
  return { required: true, content: { 'application/json': { schema: schemaOf(route.body) } } }
}

function operationOf(route: ApiRoute): object {
  const body = requestBodyOf(route)
  const media = route.answer === 'bytes' ? 'application/octet-stream' : 'application/json'
  return {
    summary: route.summary,
    parameters: [...parametersOf(route.params, 'path'), ...parametersOf(route.query, 'query')],
    ...(body ? { requestBody: body } : {}),
    ...(route.scope === 'read' ? {} : { security: [{ token: [route.scope] }] }),
    responses: {
      200: { description: 'done', content: { [media]: {} } },
      default: { description: 'refused or failed: `{error: {code, message, hint?}}`' },
    },
  }
}

/** The OpenAPI 3.1 document of the routes, made from the schemas that check the requests. */
export function openApiOf(routes: readonly ApiRoute[], version: string): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Hanse node', version },
    paths,
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
  }
}
