// The page of a model's costs: joins the host's messages with the components. The only module of it that touches the document.

import { signal } from '@preact/signals';
import { render } from 'preact';
import { toCostPageSchema, type FromCostPage, type ToCostPage } from '../../../server/src/protocol/cost-table.ts';
import { CostPage, type CostPageState } from '../components/cost-page.tsx';
import { openHost } from '../host.ts';
import './dashboard.css';
import './costs.css';

/** A state with some of its fields left out. */
function without(state: CostPageState, ...names: readonly (keyof CostPageState)[]): CostPageState {
  return Object.fromEntries(Object.entries(state).filter(([name]) => !names.some((left) => left === name)));
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
        // What was tried, measured or compared was of the one before; the drawing is sent anew where it differs.
        state.value = {
          ...without(state.value, 'refusal', 'times', 'tried', 'notTried', 'compared'),
          table: message.table,
        };
        // Drawn before the next frame, and on the screen by the one after it.
        requestAnimationFrame(() => requestAnimationFrame(() => performance.mark('costs painted')));
        break;
      case 'measured':
        state.value = { ...state.value, times: message.times };
        break;
      case 'tried':
        state.value = { ...without(state.value, 'notTried'), tried: message.tried };
        break;
      case 'not-tried':
        state.value = { ...without(state.value, 'tried'), notTried: message.message };
        break;
      case 'compared':
        state.value = {
          ...state.value,
          compared: { name: message.name, table: message.table, ...(message.from && { from: message.from }) },
        };
        break;
      case 'graph':
        state.value = { ...without(state.value, 'noGraph'), graph: message.graph };
        break;
      case 'no-graph':
        state.value = { ...without(state.value, 'graph'), noGraph: message.message };
        break;
      case 'show':
        state.value = { ...state.value, shown: { view: message.view } };
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
