// The page of a model's costs: joins the host's messages with the components. The only module of it that touches the document.

import { signal } from '@preact/signals';
import { render } from 'preact';
import { toCostPageSchema, type FromCostPage, type ToCostPage } from '../../../server/src/protocol/cost-table.ts';
import { CostPage, type CostPageState } from '../components/cost-page.tsx';
import { openHost } from '../host.ts';
import './dashboard.css';
import './costs.css';

/** The answer to the widths that were asked for last takes the place of the one before. */
function withAnswer(state: CostPageState, answer: Pick<CostPageState, 'tried' | 'notTried'>): CostPageState {
  const { table, refusal, times, cursor } = state;
  return {
    ...(table !== undefined && { table }),
    ...(refusal !== undefined && { refusal }),
    ...(times !== undefined && { times }),
    ...(cursor !== undefined && { cursor }),
    ...answer,
  };
}

const container = document.getElementById('costs');
if (container !== null) {
  const state = signal<CostPageState>({});
  const host = openHost<FromCostPage, ToCostPage>(toCostPageSchema);
  const Page = () => <CostPage state={state.value} post={(message) => host.post(message)} />;
  host.listen((message) => {
    switch (message.kind) {
      case 'table':
        performance.mark('costs given');
        state.value = { ...(state.value.cursor && { cursor: state.value.cursor }), table: message.table };
        // Drawn before the next frame, and on the screen by the one after it.
        requestAnimationFrame(() => requestAnimationFrame(() => performance.mark('costs painted')));
        break;
      case 'measured':
        state.value = { ...state.value, times: message.times };
        break;
      case 'tried':
        state.value = withAnswer(state.value, { tried: message.tried });
        break;
      case 'not-tried':
        state.value = withAnswer(state.value, { notTried: message.message });
        break;
      case 'compared':
        state.value = { ...state.value, compared: { name: message.name, table: message.table } };
        break;
      case 'cursor':
        state.value = { ...state.value, cursor: { uri: message.uri, line: message.line } };
        break;
      case 'refused':
        state.value = { ...state.value, refusal: message.message };
        break;
    }
  });
  host.remember({ run: container.dataset['run'] ?? '' });
  render(<Page />, container);
  host.post({ kind: 'ready' });
}
