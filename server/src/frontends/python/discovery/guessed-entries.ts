// Entries that nothing in a file makes: that they can be made without arguments is a guess where what is left out defaults to
// None, or is taken whatever it is. What such a guess raises is no mistake of the file, and the entry is none.

import type { Problem } from '../../../common/problem.ts';
import type { ModelEntry } from '../../../network/network-graph.ts';
import type { Evaluation } from '../../shared/frontend.ts';
import type { ParameterDeclaration, Statement } from '../syntax/ast.ts';
import { constructorOf, definitionsIn } from './definitions.ts';

/** What came of an entry, as far as it says something of the file. */
export function withoutGuesses(evaluation: Evaluation, entry: ModelEntry, body: readonly Statement[]): Evaluation {
  const { problems } = evaluation;
  if (entry.from !== 'default') return evaluation;
  const isAbstract = problems.some(({ message }) => message.includes('NotImplementedError'));
  const failure = problems.find(({ code }) => code === 'python-raises');
  const isGuessed = isAbstract || (failure !== undefined && mayNeedArguments(entry, body));
  if (!isGuessed) return evaluation;
  const told = problems.map((problem): Problem =>
    isLoud(problem) ? { ...problem, severity: 'information' } : problem,
  );
  if (!isAbstract && !isMadeWrong(problems)) return { ...evaluation, problems: told };
  const reason = isAbstract
    ? `${entry.name} is made to be derived from`
    : `${entry.name} can't be made without arguments (${failure?.message ?? ''}); name them in a comment: # morphnet: entry=${entry.name.replace(/\(.*/, '')}(…)`;
  const said: Problem = { code: 'no-model', severity: 'information', message: reason, span: entry.span };
  return { ...evaluation, graph: undefined, problems: [said] };
}

const isLoud = ({ severity, code }: Problem): boolean => severity !== 'hint' && !code.startsWith('limit-');

/** What raises where the model is made, or runs on what was not made. */
const isMadeWrong = (problems: readonly Problem[]): boolean =>
  problems.some(
    ({ code, message }) => code === 'python-raises' && /NoneType|KeyError|IndexError|TypeError/.test(message),
  );

function mayNeedArguments({ name }: ModelEntry, body: readonly Statement[]): boolean {
  const definitions = definitionsIn(body);
  const definition = definitions.get(/^\w+/.exec(name)?.[0] ?? '');
  if (definition === undefined) return true;
  const parameters =
    definition.kind === 'function'
      ? definition.parameters
      : (constructorOf(definition, definitions)?.parameters.slice(1) ?? []);
  return parameters.some(isLeftOpen);
}

const isLeftOpen = ({ kind, default: value }: ParameterDeclaration): boolean =>
  kind.endsWith('splat') || (value?.kind === 'constant' && value.value === null);
