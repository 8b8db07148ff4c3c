// The dashboard's page: joins the store with the components. The only module that touches the document.

import '@preact/signals';
import { render } from 'preact';
import { Dashboard } from '../components/dashboard.tsx';
import { startDashboard, type DashboardStore } from '../dashboard-store.ts';
import { editorHost, type DashboardHost } from '../host.ts';
import './dashboard.css';

function Page({ store, host }: { readonly store: DashboardStore; readonly host: DashboardHost }) {
  return (
    <Dashboard
      state={store.state.value}
      announcement={store.announcement.value?.text ?? ''}
      post={(message) => host.post(message)}
    />
  );
}

const container = document.getElementById('dashboard');
if (container !== null) {
  const host = editorHost();
  const store = startDashboard(host, container.dataset['run'] ?? '', () => performance.now());
  render(<Page store={store} host={host} />, container);
}
