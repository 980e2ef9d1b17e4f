import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { z } from 'zod';
import type { Reply } from './reply';

const documentSchema = z.looseObject({
  openapi: z.string(),
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
});
const operationSchema = z.looseObject({
  security: z.array(z.unknown()).default([]),
  responses: z.record(z.string(), z.looseObject({ content: z.record(z.string(), z.unknown()).optional() })),
});

/** Checks real responses against the document of the service, and that caches do not keep personal data. */
export interface OpenApiCheck {
  paths: Readonly<Record<string, readonly string[]>>;
  /** @throws if the document has the path but not this status, media type or body */
  check(reply: Reply): void;
}

/** @param document the body of `GET /openapi.json` */
export function createOpenApiCheck(document: unknown): OpenApiCheck {
  const { openapi, paths } = documentSchema.parse(document);
  if (!openapi.startsWith('3.1')) throw new Error(`OpenAPI ${openapi}`);
  const ajv = addFormats(new Ajv2020({ strict: false, allErrors: true, validateSchema: false }));
  ajv.addSchema({ ...documentSchema.parse(document), $id: 'openapi' });
  const templates = Object.keys(paths).map((template) => ({ template, pattern: patternOf(template) }));
  const validators = new Map<string, ValidateFunction>();

  return {
    paths: Object.fromEntries(Object.entries(paths).map(([path, methods]) => [path, Object.keys(methods)])),
    check({ method, path, status, headers, body, text }) {
      const found = templates.find(({ pattern }) => pattern.test(path));
      const operation = found && paths[found.template]?.[method.toLowerCase()];
      // The edge responds to unknown paths and methods, which no document describes.
      if (!found || !operation) return;
      const name = `${method} ${found.template} ${status}`;
      const { responses, security } = operationSchema.parse(operation);
      const isPersonal = security.length > 0 || method !== 'GET';
      if (isPersonal && headers.get('Cache-Control') !== 'no-store') {
        throw new Error(`${name} may be kept by a cache`);
      }
      const response = responses[status];
      if (!response) throw new Error(`${name} is not in the OpenAPI document: ${text}`);
      if (!response.content || status === 304) {
        if (text !== '') throw new Error(`${name} has a body that the OpenAPI document does not know`);
        return;
      }
      const answered = withoutParameters(headers.get('Content-Type') ?? '');
      const mediaType = Object.keys(response.content).find((key) => withoutParameters(key) === answered);
      if (mediaType === undefined) throw new Error(`${name} is ${answered}, which is not documented`);
      if (!answered.endsWith('json')) return;
      const pointer = ['paths', found.template, method.toLowerCase(), 'responses', String(status)];
      const validate = validatorOf([...pointer, 'content', mediaType, 'schema']);
      if (!validate(body))
        throw new Error(`${name} is not as documented: ${ajv.errorsText(validate.errors)}`);
    },
  };

  function validatorOf(pointer: readonly string[]): ValidateFunction {
    const $ref = `openapi#/${pointer.map(escapePointer).join('/')}`;
    const validate = validators.get($ref) ?? ajv.compile({ $ref });
    validators.set($ref, validate);
    return validate;
  }
}

const withoutParameters = (mediaType: string): string => mediaType.split(';')[0]?.trim() ?? '';

function patternOf(template: string): RegExp {
  const escaped = template.replaceAll(/[.*+?^$()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${escaped.replaceAll(/\{\w+\}/g, '[^/]+')}$`);
}

/** RFC 6901, then as a fragment of a URI. */
function escapePointer(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
}
