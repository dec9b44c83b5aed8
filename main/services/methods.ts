import { RankwiseError } from '../../preload/contract/errors.ts';
import type { Method, MethodParameter, Registry } from '../../preload/contract/methods.ts';
import { suggestion } from '../../preload/contract/nearest.ts';
import type { EngineHost } from '../engine/host.ts';

/** The engine's registry, and the checks that follow from it. No method is named here. */
export class MethodService {
  readonly #engine: EngineHost;

  constructor(engine: EngineHost) {
    this.#engine = engine;
  }

  registry(): Promise<Registry> {
    return this.#engine.registry();
  }

  /** The named method. Throws E_METHOD with the nearest known name. */
  async find(name: string): Promise<Method> {
    const { methods } = await this.registry();
    const method = methods.find((each) => each.name === name);
    if (method) return method;
    throw new RankwiseError(
      'E_METHOD',
      `There is no method “${name}”.`,
      suggestion(
        name,
        methods.map((each) => each.name),
      ),
    );
  }
}

/** A method's settings with every default written out. Throws E_METHOD for unknown names and values out of range. */
export function resolveParameters(method: Method, given: Record<string, unknown>): Record<string, unknown> {
  const known = method.parameters.map((parameter) => parameter.name);
  for (const name of Object.keys(given)) {
    if (!known.includes(name)) {
      throw new RankwiseError('E_METHOD', `“${name}” is not a setting of ${method.name}.`, suggestion(name, known));
    }
  }
  return Object.fromEntries(
    method.parameters.map((parameter) => {
      const value = given[parameter.name] ?? parameter.default;
      const wrong = whatIsWrong(parameter, value);
      if (wrong) throw new RankwiseError('E_METHOD', `method.${parameter.name}: ${wrong}.`, parameter.help);
      return [parameter.name, value];
    }),
  );
}

/** The settings of one method that another one takes too: the same name, and a value that it allows. */
export function sharedParameters(method: Method, given: Record<string, unknown>): Record<string, unknown> {
  const known = method.parameters.flatMap((parameter) => {
    const value = given[parameter.name];
    return value !== undefined && !whatIsWrong(parameter, value) ? [[parameter.name, value] as const] : [];
  });
  return Object.fromEntries(known);
}

function whatIsWrong(parameter: MethodParameter, value: unknown): string | undefined {
  if (parameter.type === 'boolean') return typeof value === 'boolean' ? undefined : 'expected true or false';
  if (parameter.type === 'choice') {
    return parameter.choices?.some((choice) => choice === value)
      ? undefined
      : `expected one of ${parameter.choices?.join(', ')}`;
  }
  if (parameter.type === 'string') return value === null || typeof value === 'string' ? undefined : 'expected a text';
  if (typeof value !== 'number' || (parameter.type === 'integer' && !Number.isInteger(value))) {
    return parameter.type === 'integer' ? 'expected a whole number' : 'expected a number';
  }
  if (parameter.minimum !== undefined && value < parameter.minimum) return `must be at least ${parameter.minimum}`;
  if (parameter.maximum !== undefined && value > parameter.maximum) return `must be at most ${parameter.maximum}`;
  return undefined;
}
