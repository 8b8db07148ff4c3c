// The user's settings per document, asked of the client when first needed and kept until they change.

import { defaultSettings, parseSettings, type Settings } from '../protocol/settings.ts';
import type { MachineProfile } from '../protocol/machine-profile.ts';
import type { ServerLog } from './server-log.ts';

/** Asks the client for the `morphnet` section; without a scope, for the window. */
export type SettingsSource = (scopeUri: string | undefined) => Promise<unknown>;

export class SettingsStore {
  readonly #source: SettingsSource | undefined;
  readonly #log: ServerLog;
  readonly #thisMachine: () => MachineProfile | undefined;
  readonly #known = new Map<string, Promise<Settings>>();

  /** Without a source (a client that has no configuration) everything is at its default. */
  constructor(
    log: ServerLog,
    source?: SettingsSource,
    thisMachine: () => MachineProfile | undefined = () => undefined,
  ) {
    this.#log = log;
    this.#thisMachine = thisMachine;
    this.#source = source;
  }

  of(document?: string): Promise<Settings> {
    const source = this.#source;
    if (source === undefined) return Promise.resolve(this.#withMachine(defaultSettings));
    const key = document ?? '';
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const asked = source(document).then(
      (section) => this.#withMachine(parseSettings(section)),
      (error: unknown) => {
        this.#log.failure('Reading the settings', error);
        this.#known.delete(key);
        return this.#withMachine(defaultSettings);
      },
    );
    this.#known.set(key, asked);
    return asked;
  }

  #withMachine(settings: Settings): Settings {
    const thisMachine = this.#thisMachine();
    return thisMachine === undefined ? settings : { ...settings, thisMachine };
  }

  /** Forgets one document's settings, or all of them. */
  forget(document?: string): void {
    if (document === undefined) this.#known.clear();
    else this.#known.delete(document);
  }
}
