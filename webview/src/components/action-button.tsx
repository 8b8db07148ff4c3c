// A button of a group of actions, which stays where it is when it can do nothing.

import type { ComponentChildren } from 'preact';

export interface ActionButtonProperties {
  /** A button that can do nothing stays focusable: one that vanished under the keyboard would lose the user's place. */
  readonly can: boolean;
  readonly act: () => void;
  readonly primary?: boolean;
  /** What it does, where the words on it leave that open. */
  readonly title?: string;
  readonly children: ComponentChildren;
}

export function ActionButton({ can, act, primary = false, title, children }: ActionButtonProperties) {
  return (
    <button
      type="button"
      class={primary ? 'primary' : undefined}
      title={title}
      aria-disabled={!can}
      onClick={() => {
        if (can) act();
      }}
    >
      {children}
    </button>
  );
}
