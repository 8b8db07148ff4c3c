// The head of the dashboard: name, state, progress, facts, what was said, and the buttons.

import type { Post } from '../host.ts';
import type { RunHeader } from '../model/run-header.ts';
import { ActionButton } from './action-button.tsx';

export interface RunHeadProperties {
  readonly header: RunHeader;
  readonly refusal: string | undefined;
  readonly post: Post;
}

export function RunHead({ header, refusal, post }: RunHeadProperties) {
  const { model, status, statusText, step, totalSteps, facts, outcome, next, notices } = header;
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
      <div class="action-groups">
        <div class="actions" role="group" aria-label="Proposed widths">
          <ActionButton
            can={header.canApply}
            act={() => post({ kind: 'apply' })}
            primary
            title={header.whyNotApplied ?? 'Shows the edit, proven, before anything is written'}
          >
            Apply proposed widths
          </ActionButton>
          <ActionButton
            can={header.canApply}
            act={() => post({ kind: 'write-file' })}
            title="Write the slim model to a new file beside the source"
          >
            Write slim file
          </ActionButton>
          <ActionButton
            can={header.canExpand}
            act={() => post({ kind: 'expand' })}
            title="Scale all proposed widths by one factor, up to a budget"
          >
            Expand…
          </ActionButton>
          <ActionButton
            can={header.canRetrain}
            act={() => post({ kind: 'retrain' })}
            title="Train seed and proposal from scratch with equal settings, and compare them"
          >
            Retrain…
          </ActionButton>
        </div>
        <div class="actions" role="group" aria-label="Run">
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
      </div>
      {refusal !== undefined && <p class="message error">{refusal}</p>}
      {outcome !== undefined && <p class={`message ${outcome.severity}`}>{outcome.text}</p>}
      {next !== undefined && (
        <p class="next">
          <strong>Next:</strong> {next}
        </p>
      )}
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
