// The page of a model's costs: joins the host's messages with the components. The only module of it that touches the document.

import { signal } from '@preact/signals';
import { render } from 'preact';
import {
  toCostPageSchema,
  type CostTable,
  type FromCostPage,
  type ToCostPage,
} from '../../../server/src/protocol/cost-table.ts';
import { CostPage, type CostPageState } from '../components/cost-page.tsx';
import { openHost } from '../host.ts';
import './dashboard.css';
import './costs.css';

/** The answer to the widths that were asked for last takes the place of the one before. */
function withAnswer(
  { tried: _before, notTried: _reason, ...others }: CostPageState,
  answer: Pick<CostPageState, 'tried' | 'notTried'>,
): CostPageState {
  return { ...others, ...answer };
}

/** The same for the drawing. */
function withGraph(
  { graph: _before, noGraph: _reason, ...others }: CostPageState,
  answer: Pick<CostPageState, 'graph' | 'noGraph'>,
): CostPageState {
  return { ...others, ...answer };
}

/** A new table: what was tried or measured belongs to the one before; the drawing is sent anew if it differs. */
function withTable({ cursor, graph, noGraph, shown }: CostPageState, table: CostTable): CostPageState {
  return {
    table,
    ...(cursor !== undefined && { cursor }),
    ...(graph !== undefined && { graph }),
    ...(noGraph !== undefined && { noGraph }),
    ...(shown !== undefined && { shown }),
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
        state.value = withTable(state.value, message.table);
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
      case 'graph':
        state.value = withGraph(state.value, { graph: message.graph });
        break;
      case 'no-graph':
        state.value = withGraph(state.value, { noGraph: message.message });
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
