// Flags of programs, as TensorFlow 1 and Abseil have them: `flags.DEFINE_integer('width', 32, 'how wide')`, then `FLAGS.width`. A
// program is started without any, so each flag is what it is defined as.

import { nativeClass } from '../../../evaluator/classes.ts';
import { builtin, none, string } from '../../../evaluator/values.ts';
import type { InstanceValue, PyValue } from '../../../evaluator/machine.ts';

const kinds =
  'string integer float bool boolean enum enum_class list spaceseplist multi_string multi_integer multi_float multi_enum alias';

/** The names of the one module of flags; every spelling of it is the same. */
export function flagNames(): readonly (readonly [string, PyValue])[] {
  const type = nativeClass('FlagValues', []);
  const values: InstanceValue = {
    kind: 'instance',
    class: type,
    site: { span: { document: '', start: 0, end: 0 }, callChain: [] },
    attributes: new Map(),
  };
  const defining = kinds.split(' ').map((kind): readonly [string, PyValue] => [
    `DEFINE_${kind}`,
    builtin(`DEFINE_${kind}`, (machine, { positional, keywords }) => {
      const name = positional[0] ?? keywords.get('name') ?? none;
      const value = positional[1] ?? keywords.get('default') ?? keywords.get('default_value') ?? none;
      if (name.kind === 'string') machine.change(values).attributes.set(name.value, value);
      return none;
    }),
  ]);
  const quiet =
    'mark_flag_as_required mark_flags_as_required adopt_module_key_flags declare_key_flag register_validator';
  return [
    ...defining,
    ['FLAGS', values],
    ...quiet.split(' ').map((name) => [name, builtin(name, () => none)] as const),
    ['__name__', string('flags')],
  ];
}
