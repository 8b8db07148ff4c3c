// The page of a model's costs: joins the host's messages with the components. The only module of it that touches the document.

import { signal } from '@preact/signals';
import { render } from 'preact';
import { toCostPageSchema, type FromCostPage, type ToCostPage } from '../../../server/src/protocol/cost-table.ts';
import { CostPage, type CostPageState } from '../components/cost-page.tsx';
import { openHost } from '../host.ts';
import './dashboard.css';
import './costs.css';

const container = document.getElementById('costs');
if (container !== null) {
  const state = signal<CostPageState>({});
  const host = openHost<FromCostPage, ToCostPage>(toCostPageSchema);
  const Page = () => <CostPage state={state.value} post={(message) => host.post(message)} />;
  host.listen((message) => {
    switch (message.kind) {
      case 'table':
        state.value = { ...(state.value.cursor && { cursor: state.value.cursor }), table: message.table };
        break;
      case 'measured':
        state.value = { ...state.value, times: message.times };
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
