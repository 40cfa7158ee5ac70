/** Starts the page. */
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/app.tsx';
import { Navigation } from './app/navigation.ts';
import { applyRememberedLook } from './app/preferences.ts';
import { openBridge } from './bridge/open-bridge.ts';
import './design/base.css';
import { PageState } from './state/page-state.ts';

applyRememberedLook();
const root = document.querySelector('#root');
if (root === null) throw new TypeError('the page has no root');
const page = new PageState(openBridge());
createRoot(root).render(
  <StrictMode>
    <App page={page} navigation={new Navigation()} />
  </StrictMode>,
);
