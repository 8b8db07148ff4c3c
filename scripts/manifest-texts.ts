// The manifest's texts for people, taken out of it into package.nls.json, from where the editor puts them back in its language.

/** Fields whose values people read. `name` is text in the list of views only. */
const textFields = new Set(['title', 'description', 'markdownDescription', 'contents', 'altText', 'displayName']);
const textLists = new Set(['enumDescriptions', 'markdownEnumDescriptions']);

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** The same fields with `%key%` in place of texts, and the texts by key. */
export function withoutTexts(fields: Json): {
  readonly fields: Json;
  readonly texts: Readonly<Record<string, string>>;
} {
  const texts: Record<string, string> = {};
  const taken = (path: readonly string[], text: string): string => {
    const key = path.join('.');
    texts[key] = text;
    return `%${key}%`;
  };
  const visit = (value: Json, path: readonly string[], isText: boolean): Json => {
    if (typeof value === 'string') return isText ? taken(path, value) : value;
    if (Array.isArray(value))
      return value.map((item: Json, index) => visit(item, [...path, nameOf(item) ?? String(index)], isText));
    if (typeof value !== 'object' || value === null) return value;
    const isView = path[0] === 'views';
    return Object.fromEntries(
      Object.entries(value).map(([name, each]) => [
        name,
        visit(
          each,
          // Names of settings are long enough without the way to them.
          name.startsWith('morphnet.') ? [name] : [...path, name],
          (textFields.has(name) && typeof each === 'string') || textLists.has(name) || (isView && name === 'name'),
        ),
      ]),
    );
  };
  return { fields: visit(fields, [], false), texts };
}

/** What an item of a list is known by. */
function nameOf(item: Json): string | undefined {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return undefined;
  for (const field of ['command', 'id', 'view', 'viewType'] as const) {
    const name = (item as Readonly<Record<string, Json>>)[field];
    if (typeof name === 'string') return name;
  }
  return undefined;
}
