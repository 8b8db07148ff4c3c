// The head of the dashboard: name, state, progress, facts, what was said, and the buttons.

import type { ComponentChildren } from 'preact';
import type { Post } from '../host.ts';
import type { RunHeader } from '../model/run-header.ts';

export interface RunHeadProperties {
  readonly header: RunHeader;
  readonly refusal: string | undefined;
  readonly post: Post;
}

export function RunHead({ header, refusal, post }: RunHeadProperties) {
  const { model, status, statusText, step, totalSteps, facts, outcome, notices } = header;
  return (
    <header>
      <div class="title">
        <h1>{model}</h1>
        <span class={`status ${status}`}>{statusText}</span>
      </div>
      <div class="progress">
        <progress value={Math.min(step, totalSteps)} max={totalSteps} aria-label="Training steps" />
        <span>
          Step {step} of {totalSteps}
        </span>
      </div>
      <div class="actions" role="group" aria-label="Run">
        <ActionButton can={header.canApply} act={() => post({ kind: 'apply' })} primary>
          Apply proposed widths
        </ActionButton>
        <ActionButton can={header.canStop} act={() => post({ kind: 'stop' })}>
          Stop
        </ActionButton>
        <ActionButton can={header.canStop} act={() => post({ kind: 'pause' })}>
          Pause
        </ActionButton>
        <ActionButton can={header.canResume} act={() => post({ kind: 'resume' })}>
          Resume
        </ActionButton>
      </div>
      {refusal !== undefined && <p class="message error">{refusal}</p>}
      {outcome !== undefined && <p class={`message ${outcome.severity}`}>{outcome.text}</p>}
      {notices.length > 0 && (
        <ul class="notices" aria-label="Notices">
          {notices.map(({ severity, text }) => (
            <li key={text} class={severity}>
              {severity === 'warning' ? 'Warning: ' : ''}
              {text}
            </li>
          ))}
        </ul>
      )}
      <dl class="facts">
        {facts.map(({ name, value, detail }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd title={detail}>{value}</dd>
          </div>
        ))}
      </dl>
    </header>
  );
}

interface ActionButtonProperties {
  /** A button that can do nothing stays focusable: one that vanished under the keyboard would lose the user's place. */
  readonly can: boolean;
  readonly act: () => void;
  readonly primary?: boolean;
  readonly children: ComponentChildren;
}

function ActionButton({ can, act, primary = false, children }: ActionButtonProperties) {
  return (
    <button
      type="button"
      class={primary ? 'primary' : undefined}
      aria-disabled={!can}
      onClick={() => {
        if (can) act();
      }}
    >
      {children}
    </button>
  );
}
